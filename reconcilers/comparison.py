"""When two values of one field, from two systems, are the same."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import Field

from monitor.core.amounts import EXACT, SMALLEST, money
from monitor.core.model import FieldType, Value
from monitor.core.ports import INSTANT, MONEY
from monitor.core.streams import Duration, Settings

_NO_NUMBER = money(Decimal(-(10**30)))
"""Further from every canonical decimal than any tolerance reaches."""

_NO_INSTANT = datetime.min.replace(tzinfo=UTC)

_NUMBERS = frozenset({FieldType.DECIMAL, FieldType.INTEGER})
_TIMES = frozenset({FieldType.INSTANT, FieldType.DATE})


class FieldComparison(Settings):
    """How one field is compared; by default only the same value is the same."""

    left: str | None = None
    """The field's name on the left; None: as it stands in `fields`."""
    right: str | None = None
    """The field's name on the right; None: as it stands in `fields`."""
    tolerance: Decimal = Field(default=Decimal(0), ge=0)
    """Numbers this far apart are still equal."""
    relative: Decimal = Field(default=Decimal(0), ge=0, le=1)
    """Numbers apart by this share of the owner's value are still equal."""
    money: bool = True
    """A difference of decimals is money, and so the value at risk; say false for hours."""
    residual: Decimal = Field(default=Decimal("0.01"), ge=0)
    """A difference of money up to this is one of rounding; says of what class a break is."""
    ignore_case: bool = False
    """Text in small and capital letters is the same."""
    blank_is_null: bool = True
    """Text of nothing but blanks is no value."""
    equivalent: dict[str, tuple[str, ...]] = {}
    """Canonical word to the words, without regard to case, that mean the same."""
    precision: Duration = timedelta(0)
    """Instants this far apart are still equal."""
    as_: Literal["date", "instant"] | None = Field(default=None, alias="as")
    """Compare a date with an instant as one of the two."""
    zone: str = "UTC"
    """IANA time zone in which an instant's date is read, or in which a date begins."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether an owner's value and another one are the same.

    Attributes:
        normalise: brings a value of either side to the form that is compared.
        kind: the type of both fields; None where they differ.
        is_plain: columns say all there is to say: nothing has to be normalised value by value.
        blank_is_null: text of nothing but blanks is no value.
        tolerance: how far numbers may be apart.
        relative: how far, as a share of the owner's value.
        precision: how far instants may be apart.
    """

    normalise: Callable[[Value], Value]
    kind: FieldType | None = None
    is_plain: bool = False
    blank_is_null: bool = True
    tolerance: Decimal = Decimal(0)
    relative: Decimal = Decimal(0)
    precision: timedelta = timedelta(0)

    def differing(self, pairs: pl.DataFrame, owner: str, other: str) -> pl.DataFrame:
        """The pairs whose values, in these two columns, are not the same."""
        if self.kind is not None:
            near = self.near(self._plain(pl.col(owner)), self._plain(pl.col(other)))
            pairs = pairs.filter(~near)
        if self.is_plain:
            return pairs
        values = pairs.select(owner, other).iter_rows()
        return pairs.filter(pl.Series([not self.same(*both) for both in values], dtype=pl.Boolean))

    def figure(self, value: pl.Expr) -> pl.Expr:
        """What stands for a value, or for none, where only its difference from others matters."""
        plain = self._plain(value)
        match self.kind:
            case FieldType.TEXT:
                return value.hash()
            case FieldType.BOOLEAN:
                return plain.cast(pl.Int8).fill_null(-1)
            case FieldType.DATE:
                return plain.fill_null(date.min)
            case FieldType.INSTANT:
                return plain.fill_null(pl.lit(_NO_INSTANT, INSTANT))
            case _:
                return plain.fill_null(_NO_NUMBER)

    def near(self, one: pl.Expr, another: pl.Expr) -> pl.Expr:
        """Whether two figures are plainly the same; those that are not may be so all the same."""
        same = one.eq_missing(another)
        if self.kind in _NUMBERS:
            same |= (one - another).abs() <= money(self.tolerance)
        if self.kind is FieldType.INSTANT:
            same |= (one - another).abs() <= self.precision
        return same.fill_null(value=False)

    def _plain(self, value: pl.Expr) -> pl.Expr:
        if self.kind is FieldType.TEXT and self.blank_is_null:
            return pl.when(value.str.strip_chars() != "").then(value)
        return value.cast(MONEY) if self.kind is FieldType.INTEGER else value

    def same(self, owner: Value, other: Value) -> bool:
        """Whether the values are the same; no value is the same as no value only."""
        match self.normalise(owner), self.normalise(other):
            case Decimal() as one, Decimal() as another:
                share = EXACT.multiply(self.relative, one.copy_abs())
                return difference(one, another) <= max(self.tolerance, share)
            case datetime() as one, datetime() as another:
                return abs(one - another) <= self.precision
            case one, another:
                return one == another


def difference(one: Decimal, other: Decimal) -> Decimal:
    """How far apart, exactly."""
    return EXACT.subtract(one, other).copy_abs()


def comparison(settings: FieldComparison, left: FieldType, right: FieldType) -> Comparison:
    """The comparison of fields of these types.

    Raises:
        ValueError: values of these types cannot be compared, or not in the way asked for.
    """
    _check_types(settings, left, right)
    _check_tolerances(settings, {left, right})
    return Comparison(
        normalise=_normaliser(settings, {left, right}),
        kind=left if left is right else None,
        is_plain=left is right
        and not (settings.relative or settings.ignore_case or settings.equivalent or settings.as_),
        blank_is_null=settings.blank_is_null,
        tolerance=settings.tolerance,
        relative=settings.relative,
        precision=settings.precision,
    )


def _check_types(settings: FieldComparison, left: FieldType, right: FieldType) -> None:
    types = {left, right}
    if types <= _TIMES:
        if len(types) == 2 and settings.as_ is None:  # noqa: PLR2004 - two different types
            raise ValueError("a date and an instant compare only with 'as: date' or 'as: instant'")
    elif not (types <= _NUMBERS or left is right):
        raise ValueError(f"{left} cannot be compared with {right}")
    asked = {
        "tolerance": (settings.tolerance or settings.relative, types <= _NUMBERS, "numbers"),
        "ignore_case": (settings.ignore_case, types == {FieldType.TEXT}, "text"),
        "equivalent": (settings.equivalent, types == {FieldType.TEXT}, "text"),
        "precision": (settings.precision, _compared_as_instant(settings, types), "instants"),
        "as": (settings.as_, types <= _TIMES, "dates and instants"),
    }
    for option, (given, fits, what) in asked.items():
        if given and not fits:
            raise ValueError(f"'{option}' is for {what}, not for {left} and {right}")


def _check_tolerances(settings: FieldComparison, types: set[FieldType]) -> None:
    step = 1 if types == {FieldType.INTEGER} else SMALLEST
    if 0 < settings.tolerance < step:
        raise ValueError(f"the tolerance {settings.tolerance} is less than numbers can differ by")
    if settings.relative == 1:
        raise ValueError("a relative tolerance of 1 takes 0 for any number; 0.01 is one of 1 %")


def _compared_as_instant(settings: FieldComparison, types: set[FieldType]) -> bool:
    return settings.as_ == "instant" or (settings.as_ is None and types == {FieldType.INSTANT})


def _normaliser(settings: FieldComparison, types: set[FieldType]) -> Callable[[Value], Value]:
    if types == {FieldType.TEXT}:
        return _text_normaliser(settings)
    if types <= _NUMBERS:
        return lambda value: Decimal(value) if isinstance(value, int) else value
    if types <= _TIMES and settings.as_ is not None:
        return _time_normaliser(settings)
    return lambda value: value


def _text_normaliser(settings: FieldComparison) -> Callable[[Value], Value]:
    meanings: dict[str, str] = {}
    for canonical, words in settings.equivalent.items():
        for word in (canonical, *words):
            if meanings.setdefault(word.strip().casefold(), canonical) != canonical:
                raise ValueError(f"the word '{word}' is equivalent to two others")

    def normalise(value: Value) -> Value:
        if not isinstance(value, str):
            return value
        if settings.blank_is_null and not value.strip():
            return None
        meaning = meanings.get(value.strip().casefold(), value)
        return meaning.casefold() if settings.ignore_case else meaning

    return normalise


def _time_normaliser(settings: FieldComparison) -> Callable[[Value], Value]:
    try:
        zone = ZoneInfo(settings.zone)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(f"'{settings.zone}' is not a time zone of the IANA database") from error

    def to_date(value: Value) -> Value:
        return value.astimezone(zone).date() if isinstance(value, datetime) else value

    def to_instant(value: Value) -> Value:
        if isinstance(value, datetime) or not isinstance(value, date):
            return value
        return datetime.combine(value, time(0), zone).astimezone(UTC)

    return to_date if settings.as_ == "date" else to_instant
