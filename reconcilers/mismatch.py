"""Field mismatches: two systems that hold a record of one transaction disagree about a field."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Name, Settings
from reconcilers.comparison import Comparison, FieldComparison, comparison
from reconcilers.conditions import condition, explode_keys, select_rows
from reconcilers.names import find_field, find_stream
from reconcilers.reporter import Reporter, as_text, currency_of

_OWNER = "_owner:"


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
    return _Field(name, left, right, compare, is_money)


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

    def screen(self, now: datetime) -> Screen | None:
        """Suspicious is where a value is not plainly the same in every record of both sides."""
        if self.match or not all(field.comparison.kind for field in self.fields):
            return None
        facts = {
            "owners": Fact(self.owner.stream, Aggregate.COUNT, where=self.owner.where),
            "others": Fact(self.other.stream, Aggregate.COUNT, where=self.other.where),
        }
        suspicious = pl.lit(value=False)
        for number, field in enumerate(self.fields):
            near = field.comparison.near
            for side, place, name in (
                (self.owner, "owner", field.owner),
                (self.other, "other", field.other),
            ):
                value = field.comparison.figure(pl.col(name))
                for how in (Aggregate.MIN, Aggregate.MAX):
                    facts[f"{place}_{how}{number}"] = Fact(side.stream, how, value, side.where)
            least, most = pl.col(f"owner_min{number}"), pl.col(f"owner_max{number}")
            suspicious |= ~near(least, pl.col(f"other_max{number}"))
            suspicious |= ~near(most, pl.col(f"other_min{number}"))
        both = (pl.col("owners") > 0) & (pl.col("others") > 0)
        return Screen(facts, both & suspicious)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each field of each record that contradicts its owner."""
        pairs = self._pairs(scope)
        found = [
            self.reporter.report(scope, self._contradictions(pairs, field), BreakKind.MISMATCH)
            for field in self.fields
        ]
        return Verdict(pl.concat(found))

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
        """The difference, where it is one of money in one currency."""
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
        apart = (pl.col(_owner_column(field.owner)) - pl.col(field.other)).abs()
        return {
            "value_at_risk": pl.when(one_currency).then(apart),
            "currency": pl.when(one_currency).then(pl.coalesce(*words)),
        }


def _owner_column(name: str, shared: Collection[str] = ()) -> str:
    return name if name in shared else _OWNER + name
