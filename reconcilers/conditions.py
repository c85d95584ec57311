"""Rows of a stream that satisfy a condition of the configuration."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import polars as pl

from monitor.core.conditions import words_of
from monitor.core.flows import Condition
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope
from monitor.core.screens import EVERY_ROW
from reconcilers.names import find_field


def condition(context: RuleContext, stream: StreamId, wanted: Condition) -> pl.Expr:
    """Whether a row has the wanted values in all fields; a field without a value has none.

    Raises:
        ValueError: a field is unknown, or its values are of another kind than the wanted ones.
    """
    if not wanted:
        return EVERY_ROW
    return pl.all_horizontal(_has(context, stream, name, wanted[name]) for name in wanted)


def fields_in(*expressions: pl.Expr | None) -> frozenset[str]:
    """Every column that these expressions look at."""
    return frozenset(
        name for each in expressions if each is not None for name in each.meta.root_names()
    )


def join_fields(
    *minded: tuple[StreamId, Iterable[str]],
) -> dict[StreamId, frozenset[str]]:
    """Fields by stream, of a stream that is named several times all of them."""
    joined: dict[StreamId, frozenset[str]] = {}
    for stream, fields in minded:
        joined[stream] = joined.get(stream, frozenset()).union(fields)
    return joined


def select_rows(scope: Scope, stream: StreamId, which: pl.Expr) -> pl.DataFrame:
    """Rows of the stream that satisfy the condition, each once, ordered by transaction and id."""
    rows = scope.frames[stream].filter(which).unique(["_transaction", "_record"])
    shorter_first = pl.col("_record").str.len_chars()
    return rows.sort("_transaction", shorter_first, "_record")


def explode_keys(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    """One row a key of that kind, as `_key` (`kind:value`); rows without one are left out."""
    keys = pl.col("_keys").list.unique().alias("_key")
    return (
        rows.with_columns(keys).explode("_key").filter(pl.col("_key").str.starts_with(f"{kind}:"))
    )


def later(instant: str, by: timedelta) -> pl.Expr:
    """An instant so much later; never later than a calendar can say."""
    last = pl.lit(datetime.max.replace(tzinfo=UTC), pl.Datetime("us", "UTC"))
    return pl.min_horizontal(pl.col(instant) + by, last)


def _has(
    context: RuleContext, stream: StreamId, name: str, wanted: str | bool | tuple[str, ...]
) -> pl.Expr:
    allowed = (FieldType.TEXT, FieldType.BOOLEAN, FieldType.INTEGER)
    field_type = find_field(context, stream, name, *allowed)
    if isinstance(wanted, bool) is not (field_type is FieldType.BOOLEAN):
        say = "true or false" if field_type is FieldType.BOOLEAN else "the value in quotes"
        raise ValueError(f"field '{name}' of {stream} is {field_type}: write {say}")
    column = pl.col(name)
    if isinstance(wanted, bool):
        return (column == wanted).fill_null(value=False)
    words = words_of(wanted)
    if not words:
        raise ValueError(f"field '{name}' of {stream} can never be one of no values")
    if field_type is FieldType.INTEGER:
        return column.is_in(_integers(stream, name, words)).fill_null(value=False)
    lowered = pl.Series(words, dtype=pl.String).str.to_lowercase()
    return column.str.to_lowercase().is_in(lowered.implode()).fill_null(value=False)


def _integers(stream: StreamId, name: str, words: tuple[str, ...]) -> list[int]:
    try:
        return [int(word) for word in words]
    except ValueError as error:
        raise ValueError(f"field '{name}' of {stream} is integer: write whole numbers") from error
