"""Applied once: a total that holds an amendment twice, or not at all.

A budget is what was sold and what the approved change orders added. Where it is off by exactly
the amount of one change order, that one was applied twice, or was left out, and the break says
which. A difference that no single amendment explains is left to the rules that tie money out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

import polars as pl
from pydantic import Field

from monitor.core.amounts import money
from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext, WorkingTime
from monitor.core.ports import MONEY, Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Duration, Settings
from reconcilers.conditions import condition, select_rows
from reconcilers.names import find_field, find_stream, find_working_time
from reconcilers.reporter import Reporter, as_text, awaited, currency_of
from reconcilers.silence import CHANGED, STAMPED, find_start, has_passed, with_due

EXAMPLE = """
change-orders-are-in-the-budget-once:
  check: applied_once
  base: {stream: crm.opportunity}
  amendments: {stream: crm.change_order, where: {status: approved}}
  start: approved_at
  total: {stream: psa.project}
  within: 1d
"""

_MOST = money(Decimal(10**24))
"""Amounts from here on are no money, and their sums would not fit."""


class AmountsSettings(Settings):
    """Amounts of some records of a stream."""

    stream: StreamName
    amount: str = "amount"
    """Decimal field."""
    where: Condition = {}
    """Which records count."""


class AppliedOnceSettings(RuleSettings):
    """A total is its base and each amendment once."""

    finds = frozenset({BreakKind.LINEAGE})
    check: Literal["applied_once"]
    base: AmountsSettings
    """What was agreed at first, without any amendment."""
    amendments: AmountsSettings
    """What was added or taken off later."""
    total: AmountsSettings
    """What must hold both; the sum, where a transaction has several."""
    start: str | None = None
    """Instant or date of an amendment from which the time runs; None, and where it has no value:
    its birth, or last change."""
    within: Duration = timedelta(0)
    """Time allowed, in working time where a calendar counts, else plain time."""
    calendar: str = ""
    """Name of the calendar whose working time counts; empty: the owner's, if any; or `plain`."""
    tolerance: Decimal = Field(default=Decimal("0.005"), ge=0)
    """Amounts this far apart are still equal."""


def build(name: str, settings: AppliedOnceSettings, context: RuleContext) -> "AppliedOnce":
    """A rule from its settings.

    Raises:
        ValueError: a stream, field or calendar is unknown, an amount is no decimal, or the total
            would be compared with itself.
    """
    base, amendments, total = (
        _Amounts.create(context, each)
        for each in (settings.base, settings.amendments, settings.total)
    )
    if total.stream in (base.stream, amendments.stream):
        raise ValueError(f"{total.stream} cannot be tied to itself: name another stream")
    hop = f"{amendments.stream} -> {total.stream}"
    reporter = Reporter.create(name, settings, context, total.stream, hop)
    return AppliedOnce(
        name=name,
        settings=settings,
        base=base,
        amendments=amendments,
        total=total,
        start=find_start(context, amendments.stream, settings.start),
        add_time=find_working_time(context, settings.calendar, reporter.owner),
        reporter=reporter,
    )


@dataclass(frozen=True, slots=True)
class _Amounts:
    stream: StreamId
    amount: str
    where: pl.Expr

    @classmethod
    def create(cls, context: RuleContext, settings: AmountsSettings) -> "_Amounts":
        stream = find_stream(context, settings.stream)
        find_field(context, stream, settings.amount, FieldType.DECIMAL)
        return cls(stream, settings.amount, condition(context, stream, settings.where))

    def rows(self, scope: Scope) -> pl.DataFrame:
        return select_rows(scope, self.stream, self.where & (pl.col(self.amount).abs() < _MOST))

    def sums(self, scope: Scope, name: str) -> pl.DataFrame:
        total = pl.col(self.amount).sum().cast(MONEY).alias(name)
        return self.rows(scope).group_by("_transaction").agg(total)


@dataclass(frozen=True, slots=True)
class AppliedOnce:
    """The rule that amendments are in the total once.

    One left out counts once its time has passed in the total's stream; one applied twice once
    the amendments were looked at beyond the total's last change, for the difference may be
    another amendment which nobody has read yet. Of several that explain it the first is named.
    """

    name: str
    settings: AppliedOnceSettings
    base: _Amounts
    amendments: _Amounts
    total: _Amounts
    start: pl.Expr
    add_time: WorkingTime | None
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The three streams."""
        return frozenset((self.base.stream, self.amendments.stream, self.total.stream))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has amendments, and a total that holds them."""
        amounts = {"base": self.base, "amendments": self.amendments, "total": self.total}
        facts = {
            name: Fact(each.stream, Aggregate.COUNT, where=each.where)
            for name, each in amounts.items()
        }
        return Screen(facts, pl.all_horizontal(pl.col(name) > 0 for name in facts))

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each transaction whose total one amendment explains."""
        explained = self._explained(scope)
        counts = (
            pl.when("is_twice")
            .then(has_passed(scope, self.amendments.stream))
            .otherwise(has_passed(scope, self.total.stream))
        )
        accused = explained.filter(counts).select(
            "_transaction",
            "record_id",
            "since",
            "value_at_risk",
            "currency",
            field=pl.lit(self.total.amount),
            expected=pl.format("{} with {} once", as_text(explained, "right"), "amendment"),
            actual=pl.format(
                "{} {} {}",
                as_text(explained, "total"),
                pl.when("is_twice").then(pl.lit("with")).otherwise(pl.lit("without")),
                pl.when("is_twice").then(pl.format("{} twice", "amendment")).otherwise("amendment"),
            ),
        )
        return Verdict(
            found=self.reporter.report(scope, accused, BreakKind.LINEAGE),
            awaited=awaited(explained.filter(~counts)),
        )

    def _explained(self, scope: Scope) -> pl.DataFrame:
        """Totals with the amendment whose amount they are off by."""
        tolerance = money(self.settings.tolerance)
        off, amount = pl.col("total") - pl.col("right"), pl.col("value_at_risk")
        is_twice = (off - amount).abs() <= tolerance
        is_left_out = (off + amount).abs() <= tolerance
        explained = (
            self._compared(scope)
            .filter(off.abs() > tolerance)
            .join(self._amended(scope), on="_transaction", maintain_order="left_right")
            .filter(is_twice | is_left_out)
            .with_columns(is_twice.alias("is_twice"), amount.abs().alias("value_at_risk"))
            .unique("_transaction", keep="first", maintain_order=True)
        )
        due = with_due(explained, pl.col("start"), self.settings.within, self.add_time)
        # A total that holds an amendment since that changed may not have been read since then.
        counts_from = pl.max_horizontal("at", "changed_at")
        return due.with_columns(
            since=pl.when("is_twice").then("total_at").otherwise("at"),
            at=pl.when("is_twice").then("total_at").otherwise(counts_from),
        )

    def _compared(self, scope: Scope) -> pl.DataFrame:
        """Each transaction's total beside what it should be (`right`)."""
        totals = (
            self.total.rows(scope)
            .with_columns(CHANGED.alias("total_at"))
            .group_by("_transaction", maintain_order=True)
            .agg(
                pl.col("_record").first().alias("record_id"),
                pl.col(self.total.amount).sum().cast(MONEY).alias("total"),
                pl.col("total_at").max(),
            )
        )
        added = self.amendments.sums(scope, "added")
        return (
            totals.join(self.base.sums(scope, "base"), on="_transaction", maintain_order="left")
            .join(added, on="_transaction", maintain_order="left")
            .with_columns((pl.col("base") + pl.col("added")).cast(MONEY).alias("right"))
        )

    def _amended(self, scope: Scope) -> pl.DataFrame:
        rows = self.amendments.rows(scope)
        context = self.reporter.context
        numbered = context.fields[self.amendments.stream].get("number") is FieldType.TEXT
        return rows.select(
            "_transaction",
            pl.coalesce(*(["number"] if numbered else []), "_record").alias("amendment"),
            pl.col(self.amendments.amount).alias("value_at_risk"),
            currency_of(context, self.amendments.stream).alias("currency"),
            self.start.alias("start"),
            STAMPED.alias("changed_at"),
        )
