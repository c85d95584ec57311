"""Messages between the systems, as the rules about them see them."""

from dataclasses import dataclass

import polars as pl

from monitor.core.conditions import words_of
from monitor.core.flows import Condition
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import Misfit, RuleContext
from monitor.core.ports import Scope
from reconcilers.conditions import condition, select_rows
from reconcilers.names import find_stream

_LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages of one stream in some states, each with the instant of its last change.

    Attributes:
        stream: where they are.
        which: whether a row is one of them.
        columns: what is told of each.
        moved_at: the instant of its last change; null where no stamp tells.
    """

    stream: StreamId
    which: pl.Expr
    columns: tuple[pl.Expr, ...]
    moved_at: pl.Expr

    @classmethod
    def create(
        cls, stream_name: str, status: tuple[str, ...], where: Condition, context: RuleContext
    ) -> "Messages":
        """The messages in one of the states that satisfy the condition.

        Raises:
            ValueError: the stream is unknown, or has not the fields asked for.
        """
        stream = find_stream(context, stream_name)
        in_status = condition(context, stream, {"status": status})
        among = {word.lower() for word in words_of(where.get("status", status))}
        if among.isdisjoint(word.lower() for word in status):
            raise Misfit("'where' leaves none of the rule's own 'status'", "where", "status")
        fields = context.fields[stream]
        updated = fields.get("updated_at") is FieldType.INSTANT
        error = fields.get("error") is FieldType.TEXT
        moved_at = pl.coalesce(*(["updated_at"] if updated else []), "_modified_at")
        columns = (
            pl.col("_transaction"),
            pl.col("_record").alias("record_id"),
            pl.lit("delivered").alias("expected"),
            _say(error).alias("actual"),
            moved_at.alias("moved_at"),
        )
        which = in_status & condition(context, stream, where) if where else in_status
        return cls(stream, which, columns, moved_at)

    def rows(self, scope: Scope) -> pl.DataFrame:
        """`_transaction`, `record_id`, `expected`, `actual` and `moved_at` of each message."""
        return select_rows(scope, self.stream, self.which).select(*self.columns)


def _say(has_error: bool) -> pl.Expr:
    """The status, and the error where there is one."""
    if not has_error:
        return pl.col("status")
    error = pl.col("error").str.head(_LONGEST_ERROR)
    status = pl.col("status")
    told = pl.concat_str(status, pl.lit(": "), error)
    return pl.when(error.fill_null("") != "").then(told).otherwise(status)
