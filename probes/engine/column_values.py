"""Columns of a source's values as canonical ones: whole columns at once, where that is the same."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import polars as pl

from monitor.core.amounts import money
from monitor.core.model import FieldType, Value
from monitor.core.ports import INSTANT, MONEY
from probes.engine.values import DECIMALS, DIGITS, WHOLE_DIGITS, Convert, Misfit, is_blank

TYPES: Final[Mapping[FieldType, pl.DataType]] = {
    FieldType.TEXT: pl.String(),
    FieldType.INTEGER: pl.Int64(),
    FieldType.DECIMAL: MONEY,
    FieldType.BOOLEAN: pl.Boolean(),
    FieldType.INSTANT: INSTANT,
    FieldType.DATE: pl.Date(),
}


_TOO_LARGE: Final = money(Decimal(10) ** WHOLE_DIGITS)


def casts(source: pl.DataType, kind: FieldType) -> bool:
    """Whether every value of the source's type is one of the canonical type, by a mere cast."""
    match kind:
        case FieldType.INTEGER:
            return source.is_integer() and source != pl.UInt64
        case FieldType.DECIMAL:
            return source.is_integer() or (isinstance(source, pl.Decimal) and _is_narrow(source))
        case FieldType.BOOLEAN:
            return isinstance(source, pl.Boolean)
        case FieldType.INSTANT:
            return isinstance(source, pl.Datetime)
        case FieldType.DATE:
            return isinstance(source, pl.Date)
        case FieldType.TEXT:
            return source.is_integer()


def is_exact(source: pl.DataType, kind: FieldType) -> bool:
    """Whether a cast gives each value exactly, or null where it is too large."""
    return kind is FieldType.DECIMAL and isinstance(source, pl.Decimal) and source.scale <= DECIMALS


def _is_narrow(source: pl.Decimal) -> bool:
    return source.scale <= DECIMALS and (source.precision or DIGITS) - source.scale <= WHOLE_DIGITS


def cast(value: pl.Expr, source: pl.DataType, kind: FieldType, zone: str) -> pl.Expr:
    """A typed column as this type; null where a value is too large for it.

    Args:
        value: the column.
        source: its type; `casts` or `is_exact` for this kind.
        kind: the canonical type.
        zone: time zone of instants that name none.
    """
    if source == TYPES[kind]:
        return value
    if kind is FieldType.INSTANT and isinstance(source, pl.Datetime):
        if source.time_zone is None:
            value = value.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return value.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    typed = value.cast(TYPES[kind], strict=False)
    if casts(source, kind):
        return typed
    return pl.when(typed.abs() < _TOO_LARGE).then(typed)


def instants(value: pl.Expr, convert: Convert) -> pl.Expr:
    """ISO 8601 with an offset by Polars; what it cannot read, value by value."""

    def read(texts: pl.Series) -> pl.Series:
        quick = _quick_instants(texts, convert)
        left = quick.is_null() & texts.is_not_null()
        if not left.any():
            return quick
        rest = pl.Series([_convert(each, convert) for each in texts.filter(left)], dtype=INSTANT)
        return quick.scatter(left.arg_true(), rest)

    return value.map_batches(read, return_dtype=INSTANT, is_elementwise=True)


_SECONDS: Final = len("2026-01-01T00:00:00")
_SOME: Final = 1000


def _quick_instants(texts: pl.Series, convert: Convert) -> pl.Series:
    """Date and time by place; what follows them, the same in many rows, by a table of shifts."""
    # Stamps repeat too seldom for a cache of them to pay.
    local = texts.str.head(_SECONDS).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False, cache=False
    )
    endings = texts.str.slice(_SECONDS)
    distinct = [each for each in endings.unique() if each]
    if len(distinct) > _SOME:
        return texts.str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False
        )
    shifts = [_shift(each, convert) for each in distinct]
    return local.dt.replace_time_zone("UTC") + endings.replace_strict(
        distinct, pl.Series(shifts, dtype=pl.Duration("us")), default=None
    )


def _shift(ending: str, convert: Convert) -> timedelta | None:
    """What a fraction of a second and an offset add to a time of theirs in UTC."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    if not re.fullmatch(r"(\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})", ending):
        return None
    read = _convert(f"2000-01-01T00:00:00{ending}", convert)
    return read - start if isinstance(read, datetime) else None


def one_by_one(value: pl.Expr, convert: Convert, kind: FieldType) -> pl.Expr:
    """By the row mapper's own converter, each distinct value once; null for a misfit."""

    def read(values: pl.Series) -> pl.Series:
        distinct = values.unique()
        read_once = pl.Series([_convert(each, convert) for each in distinct], dtype=TYPES[kind])
        return read_once.gather(_places(values, distinct))

    return value.map_batches(read, return_dtype=TYPES[kind], is_elementwise=True)


def _places(values: pl.Series, distinct: pl.Series) -> pl.Series:
    """Where each value stands among the distinct ones."""
    numbered = distinct.to_frame("value").with_row_index("place")
    wanted = values.to_frame("value")
    return wanted.join(
        numbered, on="value", how="left", nulls_equal=True, maintain_order="left"
    ).to_series(1)


def _convert(value: object, convert: Convert) -> Value:
    if is_blank(value):
        return None
    try:
        return convert(value)
    except Misfit:
        return None
