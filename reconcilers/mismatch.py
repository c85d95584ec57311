"""Field mismatches: two systems that hold a record of one transaction disagree about a field."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind, Finding
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import StreamId, Value
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.streams import Name, Settings
from reconcilers.comparison import Comparison, FieldComparison, comparison, difference
from reconcilers.conditions import condition, explode_keys, select_rows
from reconcilers.names import find_field, find_stream
from reconcilers.reporter import Money, Reporter, as_text


class SideConditions(Settings):
    """Which records of each side are compared."""

    left: Condition = {}
    right: Condition = {}


class MismatchSettings(RuleSettings):
    """Records of two streams in one transaction must agree on the fields."""

    check: Literal["mismatch"]
    left: StreamName
    right: StreamName
    fields: dict[str, FieldComparison] = Field(min_length=1)
    """Canonical field to how it is compared."""
    where: SideConditions = SideConditions()
    of_record: Literal["left", "right"] = "left"
    """Side that owns the values; the other one is wrong."""
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
    sides = (
        _Side(left, condition(context, left, settings.where.left)),
        _Side(right, condition(context, right, settings.where.right)),
    )
    owner, other = sides if settings.of_record == "left" else sides[::-1]
    fields = tuple(
        _compared(field, how, context, (left, right)) for field, how in settings.fields.items()
    )
    return Mismatch(
        name=name,
        owner=owner,
        other=other,
        match=settings.match,
        fields=fields if settings.of_record == "left" else tuple(map(_swap, fields)),
        reporter=Reporter.create(name, settings, context, other.stream, hop=f"{left} -> {right}"),
    )


class _Side(NamedTuple):
    stream: StreamId
    where: pl.Expr


class _Field(NamedTuple):
    name: str
    owner: str
    other: str
    comparison: Comparison
    is_money: bool


class _Difference(NamedTuple):
    field: _Field
    transaction: str
    row: dict[str, Value]


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
    return _Field(name, left, right, compare, settings.money)


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
    owner: _Side
    other: _Side
    match: str | None
    fields: tuple[_Field, ...]
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """Both sides."""
        return frozenset((self.owner.stream, self.other.stream))

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each field of each record that contradicts its owner."""
        differences = list(self._differences(self._pairs(scope)))
        money = self.reporter.value_transactions(scope, {each.transaction for each in differences})
        findings = (self._report(each, money[each.transaction]) for each in differences)
        return Verdict(tuple(findings))

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

    def _differences(self, pairs: pl.DataFrame) -> Iterator[_Difference]:
        for field in self.fields:
            accused: set[tuple[Value, Value]] = set()
            for row in self._suspects(pairs, field).iter_rows(named=True):
                place = row["_transaction"], row["_record"]
                if place not in accused and not field.comparison.same(*_values(field, row)):
                    accused.add(place)
                    yield _Difference(field, row["_transaction"], row)

    def _suspects(self, pairs: pl.DataFrame, field: _Field) -> pl.DataFrame:
        """Pairs that are not plainly equal: the closer look is for the few."""
        owner = _owner_column(field.owner)
        if pairs.schema[owner] != pairs.schema[field.other]:
            return pairs
        return pairs.filter(pl.col(owner).ne_missing(pl.col(field.other)))

    def _report(self, found: _Difference, transaction_money: Money) -> Finding:
        field, row = found.field, found.row
        owner, other = _values(field, row)
        stamps = (row[_owner_column("_modified_at")], row["_modified_at"])
        return self.reporter.report(
            BreakKind.MISMATCH,
            found.transaction,
            self._difference_money(found, transaction_money.currency) or transaction_money,
            field=field.name,
            record_id=str(row["_record"]),
            expected=as_text(owner),
            actual=as_text(other),
            since=max((stamp for stamp in stamps if isinstance(stamp, datetime)), default=None),
        )

    def _difference_money(self, found: _Difference, usual_currency: str) -> Money | None:
        """The difference, where it is one of money in one currency."""
        field, row = found.field, found.row
        owner, other = _values(field, row)
        if not (field.is_money and isinstance(owner, Decimal) and isinstance(other, Decimal)):
            return None
        currency = self.reporter.context.value_currency
        ours, theirs = row.get(_owner_column(currency)), row.get(currency)
        words = {str(word).strip().upper() for word in (ours, theirs) if word}
        if len(words) > 1:
            return None
        return Money(difference(owner, other), words.pop() if words else usual_currency)


def _values(field: _Field, row: dict[str, Value]) -> tuple[Value, Value]:
    """The owner's value and the other one's."""
    return row[_owner_column(field.owner)], row[field.other]


def _owner_column(name: str, shared: Collection[str] = ()) -> str:
    return name if name in shared else f"_owner:{name}"
