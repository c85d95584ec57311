"""Field mismatches: two systems that hold a record of one transaction disagree about a field.

The side that owns the values is right and the other wrong, for the whole rule or field by field.
Numbers may differ by a tolerance, texts by case, instants by a precision, and words that mean the
same can be listed. Money that differs puts the difference at risk, not the whole deal; it is over
or under, in another currency, or a residual of rounding.

Only records that both sides have are compared: an absent record is a hand-off's matter. A value
that one side lacks is a value, and differs. Where several of the owner's records face one of the
other side, it must agree with each of them; with `match`, single records are paired by a key.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

import polars as pl
from pydantic import Field

from monitor.core.amounts import money
from monitor.core.breaks import BreakKind, Classification
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Name, Settings
from reconcilers.comparison import Comparison, FieldComparison, comparison
from reconcilers.conditions import condition, explode_keys, fields_in, join_fields, select_rows
from reconcilers.money import classify
from reconcilers.names import check_key, find_field, find_stream
from reconcilers.reporter import Reporter, as_text, currency_of

EXAMPLE = """
project-agrees-with-contract:
  check: mismatch
  left: contracts.contract
  right: psa.project
  where: {left: {status: signed}}
  fields:
    amount: {tolerance: "0.01"}
    billing_rule: {}
    start_on: {}
"""

_OWNER = "_owner:"


class SideConditions(Settings):
    """Which records of each side are compared."""

    left: Condition = {}
    right: Condition = {}


class MismatchSettings(RuleSettings):
    """Records of two streams in one transaction must agree on the fields."""

    finds = frozenset({BreakKind.MISMATCH})
    check: Literal["mismatch"]
    left: StreamName
    right: StreamName
    fields: dict[str, FieldComparison] = Field(min_length=1)
    """Canonical field to how it is compared."""
    where: SideConditions = SideConditions()
    of_record: Literal["left", "right"] | None = None
    """Side that owns the values; the other one is wrong. None: for each field the stream that
    the flow's `of_record` names, or else the left."""
    match: Name | None = None
    """Key kind that pairs single records; None: each on the left with each on the right."""


def build(name: str, settings: MismatchSettings, context: RuleContext) -> "Mismatch":
    """A rule from its settings.

    Raises:
        ValueError: a stream or field is unknown, or two fields cannot be compared.
    """
    left, right = find_stream(context, settings.left), find_stream(context, settings.right)
    if left == right:
        raise ValueError(f"{left} cannot be compared with itself")
    check_key(context, settings.match, left, right)
    sides = {
        "left": _Side(left, condition(context, left, settings.where.left)),
        "right": _Side(right, condition(context, right, settings.where.right)),
    }
    fields = [
        _compared(field, how, context, (left, right)) for field, how in settings.fields.items()
    ]
    owners = [_owner_of(field.name, settings, context, right) for field in fields]
    return Mismatch(
        name=name,
        halves=tuple(
            _Half(
                owner=sides[owner],
                other=sides[other],
                match=settings.match,
                fields=tuple(
                    field if owner == "left" else _swap(field)
                    for field, its_owner in zip(fields, owners, strict=True)
                    if its_owner == owner
                ),
                reporter=Reporter.create(
                    name, settings, context, sides[other].stream, hop=f"{left} -> {right}"
                ),
            )
            for owner, other in (("left", "right"), ("right", "left"))
            if owner in owners
        ),
    )


def _owner_of(
    field: str, settings: MismatchSettings, context: RuleContext, right: StreamId
) -> Literal["left", "right"]:
    """The side that owns a field: as the rule says, or else the flow."""
    if settings.of_record is not None:
        return settings.of_record
    return "right" if context.of_record.get(field) == right else "left"


class _Side(NamedTuple):
    stream: StreamId
    where: pl.Expr


class _Field(NamedTuple):
    name: str
    owner: str
    other: str
    comparison: Comparison
    is_money: bool
    residual: Decimal


def _compared(
    name: str,
    settings: FieldComparison,
    context: RuleContext,
    streams: tuple[StreamId, StreamId],
) -> _Field:
    left, right = settings.left or name, settings.right or name
    left_type = find_field(context, streams[0], left)
    right_type = find_field(context, streams[1], right)
    try:
        compare = comparison(settings, left_type, right_type)
    except ValueError as error:
        raise ValueError(f"field '{name}': {error}") from error
    is_money = settings.money and left_type is right_type is FieldType.DECIMAL
    return _Field(name, left, right, compare, is_money, settings.residual)


def _swap(field: _Field) -> _Field:
    """The same field with the right side as its owner."""
    return field._replace(owner=field.other, other=field.owner)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The rule that two streams agree.

    Only records that both sides have are compared: an absent record is a hand-off's matter, an
    absent value is a value. Where several owners' records face one of the other side it must
    agree with each; the first that it contradicts is named.
    """

    name: str
    halves: tuple["_Half", ...]

    @property
    def needs(self) -> frozenset[StreamId]:
        """Both sides."""
        return frozenset(side.stream for half in self.halves for side in (half.owner, half.other))

    @property
    def minds(self) -> dict[StreamId, frozenset[str]]:
        """What is compared, and which rows are."""
        return join_fields(*(minded for half in self.halves for minded in half.minds))

    def screen(self, now: datetime) -> Screen | None:
        """Suspicious is where a value is not plainly the same in every record of both sides."""
        if not all(half.is_screened for half in self.halves):
            return None
        screens = [half.screen(f"{number}_") for number, half in enumerate(self.halves)]
        facts = {name: fact for screen in screens for name, fact in screen.facts.items()}
        return Screen(facts, pl.any_horizontal(screen.suspicious for screen in screens))

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each field of each record that contradicts its owner."""
        return Verdict(pl.concat([found for half in self.halves for found in half.report(scope)]))


@dataclass(frozen=True, slots=True)
class _Half:
    """The fields that one side owns."""

    owner: _Side
    other: _Side
    match: str | None
    fields: tuple[_Field, ...]
    reporter: Reporter

    @property
    def minds(self) -> list[tuple[StreamId, frozenset[str]]]:
        return [
            (
                self.owner.stream,
                fields_in(self.owner.where).union(each.owner for each in self.fields),
            ),
            (
                self.other.stream,
                fields_in(self.other.where).union(each.other for each in self.fields),
            ),
        ]

    @property
    def is_screened(self) -> bool:
        return not self.match and all(field.comparison.kind for field in self.fields)

    def screen(self, prefix: str) -> Screen:
        owners, others = f"{prefix}owners", f"{prefix}others"
        facts = {
            owners: Fact(self.owner.stream, Aggregate.COUNT, where=self.owner.where),
            others: Fact(self.other.stream, Aggregate.COUNT, where=self.other.where),
        }
        suspicious = pl.lit(value=False)
        for number, field in enumerate(self.fields):
            near = field.comparison.near
            for side, place, name in (
                (self.owner, f"{prefix}owner", field.owner),
                (self.other, f"{prefix}other", field.other),
            ):
                value = field.comparison.figure(pl.col(name))
                for how in (Aggregate.MIN, Aggregate.MAX):
                    facts[f"{place}_{how}{number}"] = Fact(side.stream, how, value, side.where)
            least, most = f"{prefix}owner_min{number}", f"{prefix}owner_max{number}"
            suspicious |= ~near(pl.col(least), pl.col(f"{prefix}other_max{number}"))
            suspicious |= ~near(pl.col(most), pl.col(f"{prefix}other_min{number}"))
        both = (pl.col(owners) > 0) & (pl.col(others) > 0)
        return Screen(facts, both & suspicious)

    def report(self, scope: Scope) -> list[pl.DataFrame]:
        """The findings of each field."""
        pairs = self._pairs(scope)
        return [
            self.reporter.report(scope, self._contradictions(pairs, field), BreakKind.MISMATCH)
            for field in self.fields
        ]

    def _pairs(self, scope: Scope) -> pl.DataFrame:
        place = ["_transaction", *(["_key"] if self.match else [])]
        owner = self._rows(scope, self.owner).rename(lambda name: _owner_column(name, place))
        other = self._rows(scope, self.other)
        return owner.join(other, on=place, maintain_order="left_right").unique(
            ["_transaction", _owner_column("_record"), "_record"], keep="first", maintain_order=True
        )

    def _rows(self, scope: Scope, side: _Side) -> pl.DataFrame:
        rows = select_rows(scope, side.stream, side.where)
        return explode_keys(rows, self.match) if self.match else rows

    def _contradictions(self, pairs: pl.DataFrame, field: _Field) -> pl.DataFrame:
        """Records that contradict an owner's one, each with the first that it contradicts."""
        owner = _owner_column(field.owner)
        differing = field.comparison.differing(pairs, owner, field.other).unique(
            ["_transaction", "_record"], keep="first", maintain_order=True
        )
        return differing.select(
            "_transaction",
            record_id="_record",
            field=pl.lit(field.name),
            expected=as_text(differing, owner),
            actual=as_text(differing, field.other),
            since=pl.max_horizontal(_owner_column("_modified_at"), "_modified_at"),
            **self._difference_money(field),
        )

    def _difference_money(self, field: _Field) -> dict[str, pl.Expr]:
        """The difference, where it is one of money in one currency, and of what class it is."""
        if not field.is_money:
            return {}
        words = [
            currency_of(self.reporter.context, side.stream, prefix)
            .str.strip_chars()
            .str.to_uppercase()
            .replace("", None)
            for side, prefix in ((self.owner, _OWNER), (self.other, ""))
        ]
        one_currency = ~(words[0] != words[1]).fill_null(value=False)
        owner, other = pl.col(_owner_column(field.owner)), pl.col(field.other)
        in_another = pl.lit(Classification.CURRENCY.value)
        return {
            "value_at_risk": pl.when(one_currency).then((owner - other).abs()),
            "currency": pl.when(one_currency).then(pl.coalesce(*words)),
            "classification": pl.when(one_currency)
            .then(classify(owner, other, money(field.residual)))
            .otherwise(in_another),
        }


def _owner_column(name: str, shared: Collection[str] = ()) -> str:
    return name if name in shared else _OWNER + name
