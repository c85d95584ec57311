"""A requirement: a record needs another one in its transaction, in some state, within a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.conditions import words_of
from monitor.core.flows import Condition
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext, WorkingTime
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import EVERY_ROW, Aggregate, Fact, Screen, wrapping_sum
from reconcilers.conditions import explode_keys, select_rows
from reconcilers.names import find_field
from reconcilers.reporter import Reporter, as_text, awaited
from reconcilers.silence import STAMPED, has_passed, with_due

NEEDED = "_needed:"
"""Stands before the columns of the needed record, where it meets the one that needs it."""

_RECORD = ["_transaction", "_record"]


@dataclass(frozen=True, slots=True)
class Needed:
    """What a record needs.

    Attributes:
        stream: where.
        that: the state that it must be in, as configured.
        holds: whether it is in it.
        match: key kind that pairs it with the record that needs it; None: any of the transaction.
        same: field of the needing record to the one of the needed record that must be equal.
        in_force: whether a pair, with `NEEDED` before the needed one's columns, fits in time.
        term: the needed record's fields that say when it is in force.
    """

    stream: StreamId
    that: Condition
    holds: pl.Expr
    match: str | None = None
    same: Mapping[str, str] | None = None
    in_force: pl.Expr = EVERY_ROW
    term: tuple[str, ...] = ()

    def describe(self) -> str:
        """What is needed, for a person."""
        states = [f"{name} {' or '.join(words_of(self.that[name]))}" for name in self.that]
        with_state = f" with {', '.join(states)}" if states else ""
        in_time = f" in force by {', '.join(self.term)}" if self.term else ""
        return f"a record in {self.stream}{with_state}{in_time}"

    def check_same(self, context: RuleContext, stream: StreamId) -> None:
        """Refuse pairs of fields that cannot be equal.

        Raises:
            ValueError: a field is unknown, or two are of different types.
        """
        for one, other in (self.same or {}).items():
            types = find_field(context, stream, one), find_field(context, self.stream, other)
            if types[0] is not types[1]:
                raise ValueError(
                    f"'{one}' of {stream} is {types[0]}, '{other}' of {self.stream} {types[1]}: "
                    "they can never be the same"
                )


@dataclass(frozen=True, slots=True)
class Requirement:
    """The rule that records have what they need.

    A record that carries no key of the kind that pairs names nothing, and so lacks it; one
    without a value in a field that must be the same asks for nothing.

    Attributes:
        name: in the landscape.
        kind: of its breaks.
        stream: whose records need something.
        where: which of them do.
        needed: what they need.
        start: the instant from which their time runs.
        within: the time allowed.
        add_time: working time; None: plain time.
        money: what a record is worth by itself; `value_at_risk` and `currency`, or nothing.
        reporter: writes the findings.
    """

    name: str
    kind: BreakKind
    stream: StreamId
    where: pl.Expr
    needed: Needed
    start: pl.Expr
    within: timedelta
    add_time: WorkingTime | None
    money: tuple[pl.Expr, ...]
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """What needs, and what is needed."""
        return frozenset((self.stream, self.needed.stream))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has something that needs, and not plainly what it needs."""
        needed = self.needed
        facts = {
            "asking": Fact(self.stream, Aggregate.COUNT, where=self.where),
            "there": Fact(needed.stream, Aggregate.COUNT, where=needed.holds),
        }
        plainly = pl.col("there") > 0
        if needed.match is not None:
            key = pl.col(f"_key:{needed.match}")
            nameless = self.where & key.is_null()
            facts["nameless"] = Fact(self.stream, Aggregate.COUNT, where=nameless)
            keys = wrapping_sum(key)
            facts["asked"] = Fact(self.stream, Aggregate.SUM, keys, self.where)
            facts["found"] = Fact(needed.stream, Aggregate.SUM, keys, needed.holds)
            plainly &= (pl.col("nameless") == 0) & pl.col("asked").eq_missing(pl.col("found"))
        if needed.same or needed.term:
            plainly = pl.lit(value=False)
        return Screen(facts, (pl.col("asking") > 0) & ~plainly)

    def evaluate(self, scope: Scope) -> Verdict:
        """Records that lack what they need; deadlines for those whose time has not passed."""
        asking = self._asking(scope)
        naming, named = self._by_place(asking), self._named(scope)
        served = self._served(naming, named.filter(f"{NEEDED}holds"))
        unserved = asking.join(served, on=_RECORD, how="anti", maintain_order="left")
        lacking = with_due(unserved, self.start, self.within, self.add_time).with_columns(
            # What a record needs since it changed may be there since then, and not read yet.
            since="at",
            at=pl.max_horizontal("at", STAMPED),
        )
        passed = has_passed(scope, self.needed.stream)
        accused = (
            lacking.filter(passed)
            .join(self._closest(naming, named), on=_RECORD, how="left", maintain_order="left")
            .select(
                "_transaction",
                "since",
                self._expected(lacking),
                *self.money,
                record_id="_record",
                actual="told",
            )
        )
        return Verdict(
            found=self.reporter.report(scope, accused, self.kind),
            awaited=awaited(lacking.filter(~passed)),
        )

    @property
    def _place(self) -> list[str]:
        """Columns that a record shares with what it may mean."""
        same = [f"{NEEDED}same{number}" for number in range(len(self.needed.same or {}))]
        return ["_transaction", *(["_key"] if self.needed.match else []), *same]

    def _asking(self, scope: Scope) -> pl.DataFrame:
        """Records that need something, with the values that have to be the same."""
        rows = select_rows(scope, self.stream, self.where)
        rows = _with_comparable(rows, list(self.needed.same or {}))
        return rows.drop_nulls([name for name in self._place if name in rows.columns])

    def _named(self, scope: Scope) -> pl.DataFrame:
        """What may be meant, in whatever state it is, the columns marked as the needed one's."""
        rows = select_rows(scope, self.needed.stream, EVERY_ROW)
        rows = rows.with_columns(self.needed.holds.alias("holds"))
        rows = self._by_place(_with_comparable(rows, list((self.needed.same or {}).values())))
        return rows.select(*self._place, pl.all().exclude(self._place).name.prefix(NEEDED))

    def _by_place(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows if self.needed.match is None else explode_keys(rows, self.needed.match)

    def _served(self, naming: pl.DataFrame, holding: pl.DataFrame) -> pl.DataFrame:
        if not self.needed.term:
            return naming.join(holding, on=self._place, how="semi")
        return naming.join(holding, on=self._place).filter(self.needed.in_force)

    def _closest(self, naming: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
        """What the first record that may be meant says of its state, as `told`."""
        first_named = named.unique(self._place, keep="first", maintain_order=True)
        first = naming.join(first_named, on=self._place).sort(self._place)
        first = first.unique(_RECORD, keep="first", maintain_order=True)
        said = [
            pl.format(f"{field} {{}}", as_text(first, NEEDED + field).fill_null("without a value"))
            for field in dict.fromkeys((*self.needed.that, *self.needed.term))
        ]
        told = pl.concat_str(*said, separator=", ") if said else pl.lit(None, pl.String)
        return first.select(*_RECORD, told.alias("told"))

    def _expected(self, lacking: pl.DataFrame) -> pl.Expr:
        text = pl.lit(self.needed.describe())
        for one, other in (self.needed.same or {}).items():
            text = pl.format(f"{{}}, {other} {{}}", text, as_text(lacking, one))
        return text.alias("expected")


def _with_comparable(rows: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """The values that have to be the same: text without regard to case and outer blanks."""
    values = (
        pl.col(field).str.strip_chars().str.to_lowercase().replace("", None)
        if rows.schema[field] == pl.String()
        else pl.col(field)
        for field in fields
    )
    return rows.with_columns(
        value.alias(f"{NEEDED}same{number}") for number, value in enumerate(values)
    )
