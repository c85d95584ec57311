"""Confirm: re-read the records behind a suspicion by key before anyone hears of it.

A record that is there is re-read by id. A record that is missing is looked for by business key.
Where a source can do neither, a complete look begun after the suspicion must say the same. What
the source has and nobody can read leaves the answer unknown.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import structlog

from monitor.core.breaks import Break, BreakKind, Finding
from monitor.core.clock import Clock
from monitor.core.errors import TieoutError
from monitor.core.model import StreamId
from monitor.estate import Flow, Source
from monitor.sampling import fetch, lookup
from monitor.sight import Sight
from monitor.store import quarantine
from monitor.store.database import Database

log = structlog.get_logger(__name__)

ABSENCES = frozenset({BreakKind.MISSING, BreakKind.LATE, BreakKind.TIE_OUT})
"""Breaks that say that their own stream lacks a record, or may: a part of a sum."""

NEEDS = frozenset({BreakKind.LEAKAGE, BreakKind.UNDELIVERED, BreakKind.TIE_OUT})
"""Breaks that say that another stream than their own lacks a record, or may."""

BATCH = 100
"""Suspicions asked about together. What was answered before a budget ran out is kept, so that the
next cycle goes on from there."""

Keys = frozenset[tuple[str, str]]
"""Business keys as (kind, value)."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What one suspicion needs to know of one stream.

    Attributes:
        native_ids: records to be read again.
        keys: by what a missing record can be looked for; None where none is missing.
    """

    native_ids: frozenset[str]
    keys: Keys | None


Question = Mapping[str, Doubt]
"""What to ask one stream: a doubt for each fingerprint."""


def questions_of(
    flow: Flow,
    suspicions: Sequence[Finding],
    frames: Mapping[StreamId, pl.DataFrame],
    sources: Mapping[StreamId, Source],
) -> dict[StreamId, Question]:
    """What has to be re-read, by stream, to confirm the suspicions."""
    needs = {rule.name: rule.needs for rule in flow.rules}
    deals = {finding.transaction for finding in suspicions}
    keys = _keys_of(flow, deals, frames)
    present = {stream: _records_of(frame, deals) for stream, frame in frames.items()}
    questions: defaultdict[StreamId, dict[str, Doubt]] = defaultdict(dict)
    for finding in suspicions:
        for stream in needs[finding.rule]:
            native_ids = present[stream][finding.transaction]
            findable = sources[stream].capabilities.lookup
            askable = frozenset(key for key in keys[finding.transaction] if key[0] in findable)
            lacks = not native_ids or _may_lack(finding, stream)
            questions[stream][finding.fingerprint] = Doubt(
                frozenset(native_ids), askable if lacks else None
            )
    return dict(questions)


def asks_sources(
    questions: Mapping[StreamId, Question], sources: Mapping[StreamId, Source]
) -> bool:
    """Whether to answer takes reading a source again; else nothing new can be stored by it."""
    return any(
        doubt.keys or (doubt.native_ids and sources[stream].capabilities.fetch)
        for stream, question in questions.items()
        for doubt in question.values()
    )


def _may_lack(finding: Finding, stream: StreamId) -> bool:
    """Whether the finding says that the stream lacks a record, whatever others it has."""
    if stream == (finding.system, finding.stream):
        return finding.kind in ABSENCES
    return finding.kind in NEEDS


def _records_of(frame: pl.DataFrame, deals: set[str]) -> defaultdict[str, set[str]]:
    """Native ids by transaction."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    involved = frame.filter(pl.col("_transaction").is_in(list(deals)))
    for deal, native_id in involved.select("_transaction", "_record").iter_rows():
        found[deal].add(native_id)
    return found


def _keys_of(
    flow: Flow, deals: set[str], frames: Mapping[StreamId, pl.DataFrame]
) -> dict[str, set[tuple[str, str]]]:
    """Every business key that the transactions' records carry, and the transaction's own."""
    keys = {deal: {(flow.key, deal)} for deal in deals}
    for frame in frames.values():
        involved = frame.filter(pl.col("_transaction").is_in(list(deals)))
        carried = involved.select("_transaction", "_keys").explode("_keys").drop_nulls()
        for deal, text in carried.iter_rows():
            kind, _, value = text.partition(":")
            keys[deal].add((kind, value))
    return keys


def confirm(
    questions: Mapping[StreamId, Question],
    sources: Mapping[StreamId, Source],
    sight: Sight,
    known: Mapping[str, Break],
    database: Database,
    clock: Clock,
) -> frozenset[str]:
    """Ask every question and store the answers.

    Args:
        questions: by stream.
        sources: by stream.
        sight: for when each stream's last complete look began.
        known: breaks by fingerprint, for when each suspicion began.
        database: where answers go.
        clock: the present.

    Returns:
        Fingerprints whose every question was answered. A source that cannot be reached now
        leaves its suspicions as they are.
    """
    asked = sorted({fingerprint for question in questions.values() for fingerprint in question})
    unanswered: set[str] = set()
    silent: set[StreamId] = set()
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        for stream, question in questions.items():
            part = {each: question[each] for each in batch if each in question}
            answered: set[str] = set()
            if part.keys() - unanswered and stream not in silent:
                try:
                    answered = _ask(part, sources[stream], sight, known, database, clock)
                except TieoutError as error:
                    log.warning("confirmation failed", stream=str(stream), reason=error.reason)
                    silent.add(stream)
            unanswered |= part.keys() - answered
    return frozenset(asked) - unanswered


def _ask(
    question: Question,
    source: Source,
    sight: Sight,
    known: Mapping[str, Break],
    database: Database,
    clock: Clock,
) -> set[str]:
    """Read what is there by id, look for what is missing by key.

    Returns:
        Fingerprints whose doubt is settled.
    """
    if source.capabilities.fetch:
        native_ids = {each for doubt in question.values() for each in doubt.native_ids}
        fetch(source, database, clock, sorted(native_ids))
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for doubt in question.values():
        for kind, value in doubt.keys or ():
            wanted[kind].add(value)
    unreadable = frozenset(
        (kind, value)
        for kind, values in sorted(wanted.items())
        for value in lookup(source, database, clock, kind, sorted(values))
    )
    unread = _load_unread(source.id, unreadable, database)
    return {
        each
        for each, doubt in question.items()
        if _is_answered(
            doubt,
            unread,
            source.capabilities.fetch,
            _was_seen_later(source.id, sight, known.get(each)),
        )
    }


@dataclass(frozen=True, slots=True)
class Unread:
    """What a stream has and nobody can read.

    Attributes:
        keys: under which such a row was met just now.
        native_ids: of rows set aside; None stands for rows without an id.
        payloads: rows set aside as received, in small letters.
    """

    keys: Keys
    native_ids: frozenset[str | None]
    payloads: tuple[str, ...]

    def may_hold(self, key: tuple[str, str]) -> bool:
        """Whether one of the rows may be of this key: it was met under it, or names its parts."""
        parts = [part.casefold() for part in key[1].split("|")]
        return key in self.keys or any(
            all(part in payload for part in parts) for payload in self.payloads
        )


def _load_unread(stream: StreamId, keys: Keys, database: Database) -> Unread:
    with database.read() as connection:
        rejects = [each.reject for each in quarantine.in_quarantine(connection, stream)]
    return Unread(
        keys,
        frozenset(reject.native_id for reject in rejects),
        tuple(reject.payload.casefold() for reject in rejects),
    )


def _is_answered(doubt: Doubt, unread: Unread, reads_by_id: bool, was_seen_later: bool) -> bool:
    """Whether the stream's part in a suspicion is settled.

    Args:
        doubt: what had to be known.
        unread: what the stream has and nobody can read.
        reads_by_id: the records that are there were read again.
        was_seen_later: a complete look began after the suspicion.
    """
    if doubt.native_ids & unread.native_ids:
        return False
    if doubt.native_ids and not reads_by_id and not was_seen_later:
        return False
    if doubt.keys is None:
        return True
    if doubt.keys:
        return not any(unread.may_hold(key) for key in doubt.keys)
    return was_seen_later and not unread.payloads


def _was_seen_later(stream: StreamId, sight: Sight, suspicion: Break | None) -> bool:
    """By our own clock: a source's clock may run behind and count whole seconds."""
    began_at = sight.began_at.get(stream)
    return suspicion is not None and began_at is not None and began_at > suspicion.suspected_at
