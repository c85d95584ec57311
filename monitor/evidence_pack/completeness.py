"""Whether a report may call itself complete, and if not, why not."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from monitor.as_of import PastSight
from monitor.core.model import StreamId
from monitor.core.showing import show_count, show_instant, show_minute
from monitor.evidence_pack.control_totals import StreamTotal
from monitor.evidence_pack.population import Term, TermTotal
from monitor.store.looks import LookSpan


class Gap(NamedTuple):
    """A stretch of a source's time that no look covered without a break."""

    stream: StreamId
    since: datetime
    until: datetime


def find_gaps(
    spans: Mapping[StreamId, Sequence[LookSpan]],
    streams: Collection[StreamId],
    since: datetime,
    until: datetime,
) -> list[Gap]:
    """Stretches within a period, between two stretches that were looked at."""
    gaps = []
    for stream in sorted(streams):
        seen = [span for span in spans.get(stream, ()) if span.seen_from <= until]
        for before, after in pairwise(seen):
            if before.seen_until < until and after.seen_from > since:
                gaps.append(Gap(stream, before.seen_until, after.seen_from))
    return gaps


def find_reasons(
    terms: Sequence[TermTotal],
    value: StreamTotal,
    sight: PastSight,
    streams: Collection[StreamId],
    gaps: Sequence[Gap],
    spans: Mapping[StreamId, Sequence[LookSpan]],
    since: datetime,
    unread: Mapping[StreamId, int],
) -> list[str]:
    """Every reason, one sentence each.

    Args:
        terms: of the equation.
        value: what the stream that states the deals' money held, counted on another way: from its
            records, and not from the deals.
        sight: what could be seen at the end of the period.
        streams: those that matter.
        gaps: within the period.
        spans: when each stream was looked at.
        since: when the period begins.
        unread: rows that nobody could read, of the streams that say which deals there are and
            what they are worth.
    """
    reasons = [
        f"{stream} could not be seen at the end of the period ({sight.blind[stream].value})"
        for stream in sorted(sight.blind.keys() & set(streams))
    ]
    reasons += [
        f"{gap.stream} was not looked at from {show_instant(gap.since)} to"
        f" {show_instant(gap.until)}"
        for gap in gaps
    ]
    for stream in sorted(streams):
        seen = spans.get(stream, ())
        if seen and seen[0].seen_from > since:
            reasons.append(
                f"{stream} was first looked at on {show_minute(seen[0].seen_from)}, within the"
                " period: what was changed and changed back before is not known"
            )
    reasons += [
        f"{show_count(term.deals, 'deal')} {'is' if term.deals == 1 else 'are'} unknown"
        for term in terms
        if term.term is Term.UNKNOWN and term.deals
    ]
    reasons += [
        f"{show_count(count, 'row')} of {stream} could not be read:"
        " the deals and the money that they state are not known"
        for stream, count in sorted(unread.items())
        if count
    ]
    return [*reasons, *_imbalance(terms, value)]


def _imbalance(terms: Sequence[TermTotal], value: StreamTotal) -> list[str]:
    """Where the deals' money is not that of the records that state it, less those in no deal."""
    if value.shared:
        return [f"{value.shared} records with money belong to several deals, and count in each"]
    reasons = []
    currencies = value.money.keys() | {code for term in terms for code in term.money}
    for code in sorted(currencies):
        stated = sum((term.money.get(code, Decimal(0)) for term in terms), Decimal(0))
        held = value.money.get(code, Decimal(0)) - value.unlinked.get(code, Decimal(0))
        if stated != held:
            reasons.append(f"the deals state {stated:f} {code}, the records behind them {held:f}")
    return reasons
