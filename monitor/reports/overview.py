"""The estate at a glance: what stands, what cannot be seen, what is at risk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from monitor.core.breaks import Break, Severity
from monitor.core.ignores import heard_only, suppressed_only
from monitor.core.model import StreamId, encode_value
from monitor.core.showing import show_count, show_money
from monitor.core.sight import Blindness
from monitor.core.transactions import TransactionStatus, shown_counts
from monitor.core.watches import ESTATE
from monitor.estate import Estate
from monitor.reports.break_list import BreakList
from monitor.sight import see
from monitor.store import breaks, quarantine, streams, transactions
from monitor.store.database import Connection, Database
from monitor.store.quarantine import SetAside
from monitor.store.standing import Standing, count_standing, load_named
from monitor.store.watching import load_watching

MOST_SET_ASIDE = 20
"""Rows in quarantine that an overview shows."""


@dataclass(frozen=True, slots=True)
class WatchOverview:
    """A watch over the estate: when it last looked, None if never, and what of it stands."""

    name: str
    looked_at: datetime | None
    standing: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The estate at one instant.

    Attributes:
        at: the instant.
        transactions: counts by flow and shown status.
        watches: in the landscape's order.
        count: how many breaks stand that people hear of.
        breaks: the first of them, as `in_order` puts them, or all.
        value_at_risk: their money by currency, each transaction once.
        blind: streams that cannot be seen, and why.
        failures: by stream that cannot be seen, why its last look failed, where it did.
        set_aside: rows in quarantine by stream.
        first_set_aside: some of them, the oldest first.
        suppressed_count: how many stand that somebody ignores.
        suppressed: the first of them, or all, likewise.
        suppressed_at_risk: their money by currency, each transaction once.
    """

    at: datetime
    transactions: Mapping[str, Mapping[TransactionStatus, int]]
    count: int
    breaks: Sequence[Break]
    value_at_risk: Mapping[str, Decimal]
    blind: Mapping[StreamId, Blindness]
    failures: Mapping[StreamId, str]
    set_aside: Mapping[StreamId, int]
    first_set_aside: Sequence[SetAside]
    watches: Sequence[WatchOverview] = ()
    suppressed_count: int = 0
    suppressed: Sequence[Break] = ()
    suppressed_at_risk: Mapping[str, Decimal] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For machines: money as text, instants in UTC."""
        return {
            "at": encode_value(self.at),
            "transactions": {
                flow: {status.value: count for status, count in counts.items()}
                for flow, counts in self.transactions.items()
            },
            "watches": {
                each.name: {"looked_at": encode_value(each.looked_at), "standing": each.standing}
                for each in self.watches
            },
            "breaks": [break_as_json(each) for each in self.breaks],
            "value_at_risk": {code: str(money) for code, money in self.value_at_risk.items()},
            "suppressed": {
                "breaks": [break_as_json(each) for each in self.suppressed],
                "value_at_risk": {
                    code: str(money) for code, money in self.suppressed_at_risk.items()
                },
            },
            "blind": {str(stream): why.value for stream, why in self.blind.items()},
            "failures": {str(stream): detail for stream, detail in self.failures.items()},
            "quarantine": {str(stream): count for stream, count in self.set_aside.items()},
        }


Recall = Callable[[Connection], Standing]
"""Figures of what stands, counted now or remembered."""


def look_over(
    estate: Estate,
    database: Database,
    now: datetime,
    *,
    recall: Recall = count_standing,
    most: int | None = None,
) -> Overview:
    """The estate as the store has it.

    Args:
        estate: the landscape made ready.
        database: the store.
        now: the present.
        recall: tells the figures of what stands.
        most: name no more breaks than these, `DEAREST` at the most; None: all of them.

    Raises:
        Transient, Permanent: the store failed.
    """
    sight = see(estate, database, now)
    with database.read() as connection:
        counts = {
            flow.name: shown_counts(
                transactions.count_by_status(connection, flow.name),
                is_blind=bool(flow.needs & sight.blind.keys()),
            )
            for flow in estate.flows
        }
        standing = recall(connection)
        heard, suppressed = _named(connection, standing, most)
        states = streams.load_stream_states(connection)
        aside = quarantine.depths(connection)
        first = quarantine.in_quarantine(connection, limit=MOST_SET_ASIDE)
        watches = _watches(connection, estate, standing)
    failures = {
        stream: detail
        for stream in sight.blind
        if stream in states and (detail := states[stream].failure_detail)
    }
    return Overview(
        at=now,
        transactions=counts,
        count=standing.heard.count,
        breaks=heard,
        suppressed_count=standing.suppressed.count,
        suppressed=suppressed,
        value_at_risk=standing.heard.at_risk,
        suppressed_at_risk=standing.suppressed.at_risk,
        blind=sight.blind,
        failures=failures,
        set_aside=aside,
        first_set_aside=first,
        watches=watches,
    )


def _named(
    connection: Connection, standing: Standing, most: int | None
) -> tuple[Sequence[Break], Sequence[Break]]:
    """Breaks that people hear of, and those that somebody ignores, in order."""
    if most is None:
        everything = in_order(breaks.standing_breaks(connection))
        return heard_only(everything), suppressed_only(everything)
    heard, suppressed = standing.heard.dearest[:most], standing.suppressed.dearest[:most]
    return load_named(connection, heard), load_named(connection, suppressed)


def _watches(connection: Connection, estate: Estate, standing: Standing) -> list[WatchOverview]:
    names = [lookout.watch.name for lookout in estate.lookouts]
    known = {name: load_watching(connection, name) for name in names}
    return [
        WatchOverview(
            name, seen.looked_at if seen else None, standing.by_rule.get((ESTATE, name), 0)
        )
        for name, seen in known.items()
    ]


def break_as_json(each: Break) -> dict[str, Any]:
    """One break for machines, flat."""
    finding = {
        name: encode_value(value) if isinstance(value, Decimal | datetime) else value
        for name, value in asdict(each.finding).items()
    }
    return {
        "id": each.id,
        "state": each.state.value,
        "episode": each.episode,
        "opened_at": encode_value(each.opened_at),
        "seen_at": encode_value(each.seen_at),
        **finding,
    }


def in_order(standing: Sequence[Break]) -> list[Break]:
    """The most severe first, then the dearest by the figure, whatever its currency."""
    severities = list(Severity)
    return sorted(
        standing,
        key=lambda each: (
            -severities.index(each.finding.severity),
            -(each.finding.value_at_risk or 0),
            each.suspected_at,
            each.fingerprint,
        ),
    )


def show_overview(overview: Overview, console: Console) -> None:
    """For people, on a terminal."""
    for flow, counts in overview.transactions.items():
        parts = [f"{count:,} {status.value.replace('_', ' ')}" for status, count in counts.items()]
        console.print(Text(f"{flow}: {', '.join(parts)}", style="bold"))
    if overview.watches:
        console.print(Text(_watch_line(overview.watches), style="bold"))
    for stream, why in overview.blind.items():
        failure = f": {overview.failures[stream]}" if stream in overview.failures else ""
        console.print(
            Text(
                f"blind: {stream} ({why.value.replace('_', ' ')}{failure});"
                " what needs it is unknown"
            ),
            style="yellow",
        )
    for stream, count in overview.set_aside.items():
        console.print(
            Text(
                f"set aside: {show_count(count, 'row')} of {stream} could not be read;"
                " see tieout quarantine"
            ),
            style="yellow",
        )
    if overview.suppressed:
        ignored = count_and_money(len(overview.suppressed), overview.suppressed_at_risk)
        console.print(Text(f"ignored: {ignored}; see tieout ignores"), style="yellow")
    if not overview.breaks:
        verdict = "no break is known" if overview.blind else "no breaks"
        console.print(Text(verdict, style="yellow" if overview.blind else "green"))
        return
    console.print(BreakList(overview.breaks))
    console.print(Text(count_and_money(len(overview.breaks), overview.value_at_risk)))


def count_and_money(count: int, at_risk: Mapping[str, Decimal]) -> str:
    """`3 breaks; at risk: 1,200.00 EUR`."""
    risk = ", ".join(show_money(money, code) for code, money in sorted(at_risk.items()))
    return f"{show_count(count, 'break')}; at risk: {risk or 'nothing stated'}"


def _watch_line(watches: Sequence[WatchOverview]) -> str:
    found = show_count(sum(each.standing for each in watches), "finding")
    unseen = [each.name for each in watches if each.looked_at is None]
    waiting = f"; not looked yet: {', '.join(unseen)}" if unseen else ""
    return f"{ESTATE}: {show_count(len(watches), 'check')}, {found}{waiting}"
