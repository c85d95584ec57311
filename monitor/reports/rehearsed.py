"""What a rehearsal showed: rule by rule, as rehearsed and as it was before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor.core.model import StreamId, encode_value
from monitor.core.showing import show_count, show_minute, show_money

IDENTITY = ("flow", "transaction", "rule", "system", "stream", "field", "record_id")
"""What makes two findings one break, as in `Finding.fingerprint`."""


@dataclass(frozen=True, slots=True)
class RuleTally:
    """What came of one rule; `stood + opened - closed` is `standing`.

    Attributes:
        flow: whose rule it is.
        rule: its name.
        stood: breaks that stood at the first instant.
        opened: times that one was found that had not stood at the instant before.
        closed: times that one was found no more.
        standing: breaks at the last instant.
        at_risk: money that depends on those, by currency; each transaction once.
    """

    flow: str
    rule: str
    stood: int = 0
    opened: int = 0
    closed: int = 0
    standing: int = 0
    at_risk: Mapping[str, Decimal] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For machines; money as text."""
        return {
            "stood": self.stood,
            "opened": self.opened,
            "closed": self.closed,
            "standing": self.standing,
            "at_risk": {code: format(money, "f") for code, money in self.at_risk.items()},
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """One rule as rehearsed and as it was before.

    Attributes:
        rehearsed: by the rules rehearsed.
        before: by those that they are set against.
        only_rehearsed: breaks that the rehearsed rule alone finds at some instant.
        only_before: breaks that it never finds.
    """

    rehearsed: RuleTally
    before: RuleTally
    only_rehearsed: int
    only_before: int

    @property
    def is_same(self) -> bool:
        """Whether both find the same breaks."""
        return not self.only_rehearsed and not self.only_before

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "flow": self.rehearsed.flow,
            "rule": self.rehearsed.rule,
            "rehearsed": self.rehearsed.as_json(),
            "before": self.before.as_json(),
            "only_rehearsed": self.only_rehearsed,
            "only_before": self.only_before,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """What a rehearsal showed.

    Attributes:
        instants: when the rules were asked.
        known: what was seen after this does not count.
        rehearsed: `EPISODES` of the rehearsed rules; instants are those of the rehearsal.
        before: the same of what they are set against; true instants where it is what was recorded.
        unasked: by rule, `flow.rule`, how many instants it could not be asked at: blind streams.
            What stood then is taken to stand on.
        read_otherwise: streams that the rehearsed landscape maps otherwise than they were stored.
            A field that was not kept then is empty in the rehearsal.
    """

    instants: tuple[datetime, ...]
    known: datetime
    rehearsed: pl.DataFrame
    before: pl.DataFrame
    unasked: Mapping[str, int]
    read_otherwise: frozenset[StreamId]

    def comparisons(self) -> list[Comparison]:
        """Every rule that found anything on either side, in order."""
        names = pl.concat([self.rehearsed, self.before]).select("flow", "rule").unique()
        return [self._compare(flow, rule) for flow, rule in names.sort("flow", "rule").iter_rows()]

    def _compare(self, flow: str, rule: str) -> Comparison:
        of_rule = (pl.col("flow") == flow) & (pl.col("rule") == rule)
        rehearsed, before = self.rehearsed.filter(of_rule), self.before.filter(of_rule)
        start = self.instants[0]
        return Comparison(
            rehearsed=tally(flow, rule, rehearsed, start),
            before=tally(flow, rule, before, start),
            only_rehearsed=_lacking(rehearsed, before),
            only_before=_lacking(before, rehearsed),
        )

    def as_json(self) -> dict[str, Any]:
        """For machines: every break with its times, money as text."""
        return {
            "since": encode_value(self.instants[0]),
            "until": encode_value(self.instants[-1]),
            "instants": len(self.instants),
            "known": encode_value(self.known),
            "rules": [each.as_json() for each in self.comparisons()],
            "unasked": dict(self.unasked),
            "read_otherwise": sorted(map(str, self.read_otherwise)),
            "rehearsed": _rows(self.rehearsed),
            "before": _rows(self.before),
        }


def tally(flow: str, rule: str, episodes: pl.DataFrame, start: datetime) -> RuleTally:
    """Count the episodes of one rule from its first instant on."""
    stood = episodes.filter(pl.col("opened_at") <= start).height
    standing = episodes.filter(pl.col("closed_at").is_null())
    money = (
        standing.drop_nulls("value_at_risk")
        .group_by("transaction", "currency")
        .agg(pl.col("value_at_risk").max())
        .group_by("currency")
        .agg(pl.col("value_at_risk").sum())
        .sort("currency")
    )
    return RuleTally(
        flow=flow,
        rule=rule,
        stood=stood,
        opened=episodes.height - stood,
        closed=episodes.height - standing.height,
        standing=standing.height,
        at_risk=dict(money.iter_rows()),
    )


def _lacking(some: pl.DataFrame, others: pl.DataFrame) -> int:
    """How many breaks of the one side the other has not."""
    return some.unique(IDENTITY).join(others, on=IDENTITY, how="anti").height


def _rows(episodes: pl.DataFrame) -> list[dict[str, Any]]:
    ordered = episodes.sort(*IDENTITY, "opened_at")
    return [
        {name: encode_value(value) for name, value in row.items()}
        for row in ordered.iter_rows(named=True)
    ]


def rehearsal_table(rehearsal: Rehearsal) -> RenderableType:
    """For people, on a terminal."""
    first, last = rehearsal.instants[0], rehearsal.instants[-1]
    title = (
        f"{show_minute(first)} to {show_minute(last)} UTC,"
        f" {show_count(len(rehearsal.instants), 'instant')};"
        " in brackets what it was before, where that differs"
    )
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("rule", overflow="fold")
    for heading in ("stood", "opened", "closed", "standing", "at risk", "new", "gone"):
        table.add_column(heading, justify="right")
    for each in rehearsal.comparisons():
        now, before = each.rehearsed, each.before
        cells = [
            now.rule,
            *(
                _both(getattr(now, name), getattr(before, name))
                for name in ("stood", "opened", "closed", "standing")
            ),
            ", ".join(show_money(money, code) for code, money in now.at_risk.items()),
            f"{each.only_rehearsed:,}",
            f"{each.only_before:,}",
        ]
        table.add_row(*(Text(cell) for cell in cells), style=None if each.is_same else "yellow")
    notes = [
        Text(f"{rule}: not asked at {show_count(count, 'instant')}, for want of sight", "yellow")
        for rule, count in rehearsal.unasked.items()
    ] + [
        Text(f"{stream}: stored as another landscape read it; fields it lacked are empty", "yellow")
        for stream in sorted(map(str, rehearsal.read_otherwise))
    ]
    return Group(Text(title), table, *notes)


def _both(now: int, before: int) -> str:
    return f"{now:,}" if now == before else f"{now:,} ({before:,})"
