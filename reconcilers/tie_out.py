"""Tie-outs: sides that must come to one sum, each made of any number of records.

Contract value and approved change orders are the billing schedule, and that is what was invoiced,
less credits, plus what is still unbilled. Each side is a sum over records of one transaction, with
signs and factors: hours times rate is a side, and so is a deal's share of an invoice that bills
several. Every side must equal the one of record, exactly, within a stated tolerance.

A break says in what way a side is wrong:

- `currency`: amounts in several currencies meet and a rate is not known, or the bare numbers are
  equal and the currencies are not. The sum is then unknown, and never guessed.
- `rounding`: no more is left over than `residual` for each part: the cents of a split.
- `exchange`: it ties out at the rates of another day of the same transaction. What is left is a
  gain or a loss by exchange, and no drift.
- `missing_part`: the difference is exactly what one, two or the last parts of another side come
  to, or one or several of the side's own equal instalments.
- `over`, `under`: anything else.

Money in several currencies is compared in that of the side of record, or in `currency`, each part
by the latest of the landscape's `rates` on or before its `date`. Rates are read in both directions.

Split billing needs nothing: all records of a transaction are summed. An invoice that bills several
deals counts whole in each of them, unless the rule says what each deal bears: sum its lines, each
of which names its deal, or let the invoice be multiplied (`times`) by the share that an allocation
record of the deal states, paired by a key. Where nobody states a share, name the key by which it is
shared (`shared_by`): a side is then wrong only if no share could make it right, and what is shown
is the sum that comes nearest.

A side without any record says nothing: whether it should have one is a matter of hand-offs. With
`empty: zero` it is a sum of nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from monitor.core.amounts import SMALLEST, money
from monitor.core.breaks import BreakKind
from monitor.core.flows import RuleSettings
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext, WorkingTime
from monitor.core.ports import INSTANT, Scope, Verdict
from monitor.core.rates import CurrencyCode
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Duration, Name
from reconcilers.conditions import condition, fields_in, join_fields, select_rows
from reconcilers.names import find_stream, find_working_time
from reconcilers.reporter import Reporter, awaited
from reconcilers.silence import seen_until, with_due
from reconcilers.tie_out_parts import (
    HIGH,
    LOW,
    Component,
    ComponentSettings,
    PresenceSettings,
)
from reconcilers.tie_out_reasons import Allowance, explain
from reconcilers.tie_out_sums import Sums, sum_sides

EXAMPLE = """
contract-is-billed:
  check: tie_out
  sides:
    agreed:
      - {stream: contracts.contract, where: {status: signed}, date: signed_at}
      - {stream: crm.change_order, where: {status: approved}, date: approved_at}
    invoiced:
      - {stream: erp.invoice, where: {status: [posted, paid]}, date: issued_on}
  requires: [{stream: erp.project}]
  tolerance: "0.005"
hours-are-billed:
  check: tie_out
  sides:
    worked: [{stream: psa.timecard, field: hours, times: {field: rate}}]
    invoiced: [{stream: erp.invoice}]
"""

_FEWEST_SIDES = 2


class TieOutSettings(RuleSettings):
    """Sides of a transaction must come to the same sum."""

    finds = frozenset({BreakKind.TIE_OUT})
    check: Literal["tie_out"]
    sides: dict[Name, tuple[ComponentSettings, ...]]
    """Name of a side to what is summed in it; its first component is named in its breaks."""
    of_record: Name | None = None
    """The side that is right; None: the first."""
    requires: tuple[PresenceSettings, ...] = ()
    """Records that a transaction must have, or nothing has to tie out yet."""
    empty: Literal["silent", "zero"] = "silent"
    """What a side without any record is: `silent`, nothing to compare; `zero`, a sum of 0."""
    tolerance: Decimal = Field(default=Decimal(0), ge=0)
    """Sums this far apart are still equal."""
    residual: Decimal = Field(default=Decimal("0.01"), ge=0)
    """The most that rounding leaves over for each part; says of what class a break is."""
    accept: tuple[Literal["rounding", "exchange"], ...] = ()
    """Classes of difference that are no break."""
    currency: CurrencyCode | None = None
    """Currency in which sums are compared; None: that of the side of record, of several the first
    by the alphabet."""
    within: Duration = timedelta(0)
    """Time allowed from the last change of a part, in working time where a calendar counts."""
    calendar: str = ""
    """Name of the calendar whose working time counts; empty: the owner's, if any; or `plain`."""

    @model_validator(mode="after")
    def _compares(self) -> Self:
        if len(self.sides) < _FEWEST_SIDES:
            raise ValueError("a tie-out compares two sides or more")
        if empty := [name for name, components in self.sides.items() if not components]:
            raise ValueError(f"say what is summed on the side '{empty[0]}'")
        if self.of_record is not None and self.of_record not in self.sides:
            raise ValueError(f"there is no side '{self.of_record}' to be of record")
        return self


def build(name: str, settings: TieOutSettings, context: RuleContext) -> "TieOut":
    """A rule from its settings.

    Raises:
        ValueError: a stream, field or calendar is unknown or of the wrong type, two sides would
            be blamed in the same words, or the tolerance could never matter.
    """
    if 0 < settings.tolerance < SMALLEST:
        raise ValueError(f"the tolerance {settings.tolerance} is less than sums can differ by")
    sides = {
        side: tuple(Component.create(each, context) for each in components)
        for side, components in settings.sides.items()
    }
    of_record = settings.of_record or next(iter(sides))
    blamed: dict[tuple[StreamId, str], str] = {}
    reporters: dict[str, Reporter] = {}
    for side, components in sides.items():
        if side == of_record:
            continue
        place = components[0].stream, components[0].settings.field
        if blamed.setdefault(place, side) != side:
            raise ValueError(
                f"the sides '{blamed[place]}' and '{side}' both begin with '{place[1]}' of "
                f"{place[0]}: their breaks could not be told apart"
            )
        hop = f"{of_record} -> {side}"
        reporters[side] = Reporter.create(name, settings, context, components[0].stream, hop)
    required = [
        (stream, condition(context, stream, each.where))
        for each in settings.requires
        for stream in [find_stream(context, each.stream)]
    ]
    return TieOut(
        name=name,
        settings=settings,
        sides=sides,
        of_record=of_record,
        required=tuple(required),
        add_times={
            side: find_working_time(context, settings.calendar, each.owner)
            for side, each in reporters.items()
        },
        rates=context.rates,
        reporters=reporters,
    )


@dataclass(frozen=True, slots=True, eq=False)
class TieOut:
    """The rule that sides come to the same sum.

    A difference counts once every stream of both sides was looked at beyond the last change of
    their parts, where a system stamps one, and the time allowed has passed: what would make up for
    it may not have been read yet.

    Attributes:
        name: in the landscape.
        settings: as configured.
        sides: what is summed, by side.
        of_record: the side that is right.
        required: where a transaction must have a record.
        add_times: working time by side that can be wrong; None: plain time.
        rates: exchange rates.
        reporters: by side that can be wrong.
    """

    name: str
    settings: TieOutSettings
    sides: dict[str, tuple[Component, ...]]
    of_record: str
    required: tuple[tuple[StreamId, pl.Expr], ...]
    add_times: dict[str, WorkingTime | None]
    rates: pl.DataFrame
    reporters: dict[str, Reporter]

    @property
    def needs(self) -> frozenset[StreamId]:
        """Every stream that is summed, multiplies, or must be there."""
        required = frozenset(stream for stream, _ in self.required)
        return required.union(*(each.needs for side in self.sides.values() for each in side))

    @property
    def minds(self) -> dict[StreamId, frozenset[str]]:
        """What is summed, and which records count."""
        components = [each for side in self.sides.values() for each in side]
        return join_fields(
            *(minded for each in components for minded in each.minds),
            *((stream, fields_in(where)) for stream, where in self.required),
        )

    def screen(self, now: datetime) -> Screen | None:
        """Suspicious is whose bare sums differ, or who has money in several currencies."""
        components = [each for side in self.sides.values() for each in side]
        if not all(each.is_screened for each in components):
            return None
        facts: dict[str, Fact] = {}
        counts: dict[str, pl.Expr] = {}
        sums: dict[str, pl.Expr] = {}
        for side, its_components in self.sides.items():
            prefixes = [f"{side}_{number}_" for number in range(len(its_components))]
            for prefix, each in zip(prefixes, its_components, strict=True):
                facts |= each.facts(prefix)
            signed = zip(prefixes, its_components, strict=True)
            counts[side] = pl.sum_horizontal(pl.col(f"{prefix}count") for prefix in prefixes)
            sums[side] = sum(
                (each.signed(pl.col(f"{prefix}sum").fill_null(0)) for prefix, each in signed),
                money(Decimal(0)),
            )
        for number, (stream, where) in enumerate(self.required):
            facts[f"required_{number}"] = Fact(stream, Aggregate.COUNT, where=where)
        return Screen(facts, self._is_suspicious(facts, counts, sums))

    def _is_suspicious(
        self,
        facts: dict[str, Fact],
        counts: dict[str, pl.Expr],
        sums: dict[str, pl.Expr],
    ) -> pl.Expr:
        tolerance = money(self.settings.tolerance)
        ends = [pl.col(name) for name in facts if name.endswith((LOW, HIGH))]
        if self.settings.currency is not None:
            ends.append(pl.lit(self.settings.currency).hash())
        suspicious = pl.lit(value=False)
        if ends:
            several = pl.min_horizontal(ends) != pl.max_horizontal(ends)
            suspicious = several.fill_null(value=False)
        for side in self.reporters:
            differs = (sums[side] - sums[self.of_record]).abs() > tolerance
            if self.settings.empty == "silent":
                differs &= (counts[side] > 0) & (counts[self.of_record] > 0)
            suspicious |= differs
        for number in range(len(self.required)):
            suspicious &= pl.col(f"required_{number}") > 0
        return suspicious

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each side of each transaction that does not tie out."""
        sums = self._sums(scope)
        allowance = Allowance(self.settings.tolerance, self.settings.residual)
        told = explain(sums, self.of_record, allowance, self.rates, scope.now.date())
        judged = told.filter(~pl.col("classification").is_in(list(self.settings.accept)))
        found, waiting = [], []
        start = pl.col("since" if self.settings.within else "stamped_at")
        for side, reporter in self.reporters.items():
            components = (*self.sides[self.of_record], *self.sides[side])
            streams = {stream for each in components for stream in each.needs}
            looked = min(seen_until(scope, stream) for stream in streams)
            accused = with_due(
                judged.filter(pl.col("side") == side),
                start,
                self.settings.within,
                self.add_times[side],
            ).with_columns(field=pl.lit(self.sides[side][0].settings.field))
            counts = start.is_null() | (pl.col("at") <= pl.lit(looked, INSTANT))
            found.append(reporter.report(scope, accused.filter(counts), BreakKind.TIE_OUT))
            waiting.append(awaited(accused.filter(~counts)))
        return Verdict(pl.concat(found), pl.concat(waiting))

    def _sums(self, scope: Scope) -> Sums:
        parts = pl.concat(
            each.parts(scope).with_columns(side=pl.lit(side))
            for side, components in self.sides.items()
            for each in components
        )
        for stream, where in self.required:
            present = select_rows(scope, stream, where)
            parts = parts.join(present, on="_transaction", how="semi")
        settings = self.settings
        return sum_sides(
            parts,
            list(self.sides),
            self.of_record,
            self.rates,
            currency=settings.currency,
            empty_is_zero=settings.empty == "zero",
        )
