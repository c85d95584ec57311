"""When silence says something: an absence counts once its time has passed and one has looked."""

from datetime import datetime, timedelta

import polars as pl

from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext, WorkingTime
from monitor.core.ports import INSTANT, Scope
from reconcilers.conditions import later
from reconcilers.names import find_field

AT = "at"
"""Column: from when on an absence counts."""

CHANGED = pl.min_horizontal("_modified_at", "_observed_at")
"""When a record became what it is: by its system's stamp, and never later than it was seen."""

STAMPED = pl.when(pl.col("_modified_at").is_not_null()).then(CHANGED)
"""The same; null where its system stamps nothing, and nobody knows how old the change is."""


def seen_until(scope: Scope, stream: StreamId) -> datetime:
    """Up to when the stream is known; a blind one has shown nothing of this time."""
    never = datetime.min.replace(tzinfo=scope.now.tzinfo)
    return min(scope.now, scope.looked_until.get(stream, never))


def has_passed(scope: Scope, stream: StreamId) -> pl.Expr:
    """Whether the instants in the column `at` lie in what is known of the stream."""
    return pl.col(AT) <= pl.lit(seen_until(scope, stream), INSTANT)


def find_birth(context: RuleContext, stream: StreamId) -> pl.Expr:
    """When a record was born, or else last changed, by its system's stamp."""
    created = context.fields[stream].get("created_at") is FieldType.INSTANT
    return pl.coalesce(*(["created_at"] if created else []), "_modified_at")


def find_start(context: RuleContext, stream: StreamId, field: str | None) -> pl.Expr:
    """The instant from which a record's time runs.

    That is the field where it holds a value, a date being its midnight in UTC. Else it is the
    record's birth or last change by its system's stamp, and never later than it was first seen.

    Raises:
        ValueError: the stream has no such field, or it is neither instant nor date.
    """
    born = pl.min_horizontal(find_birth(context, stream), "_observed_at")
    if field is None:
        return born
    stated = pl.col(field)
    if find_field(context, stream, field, FieldType.INSTANT, FieldType.DATE) is FieldType.DATE:
        stated = stated.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.coalesce(stated, born)


def with_due(
    rows: pl.DataFrame, start: pl.Expr, within: timedelta, add_time: WorkingTime | None
) -> pl.DataFrame:
    """The rows with the column `at`: their start and the time allowed, in working time or plain."""
    started = rows.with_columns(start.alias(AT))
    if add_time is None:
        return started.with_columns(later(AT, within).alias(AT))
    return started.with_columns(add_time.add_all(started[AT], within).alias(AT))
