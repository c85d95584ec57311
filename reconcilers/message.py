"""Messages between the systems: given up by the middleware, or stuck in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Duration
from reconcilers.conditions import condition, later, select_rows
from reconcilers.names import find_stream
from reconcilers.reporter import Reporter, awaited

_LONGEST_ERROR = 300


class DeadLetterSettings(RuleSettings):
    """No message of the stream has been given up."""

    check: Literal["dead_letter"]
    stream: StreamName
    status: tuple[str, ...] = Field(default=("dead", "dead_letter"), min_length=1)
    """Words of a message that was given up."""
    where: Condition = {}
    """Which messages count."""


class StuckSettings(RuleSettings):
    """No message of the stream stays unfinished for too long."""

    check: Literal["stuck"]
    stream: StreamName
    status: tuple[str, ...] = Field(default=("pending", "processing"), min_length=1)
    """Words of a message that is not finished."""
    after: Duration
    """How long it may go without a change."""
    where: Condition = {}
    """Which messages count."""


def build_dead_letter(
    name: str, settings: DeadLetterSettings, context: RuleContext
) -> "DeadLetter":
    """A rule from its settings.

    Raises:
        ValueError: the stream is unknown, or has not the fields asked for.
    """
    messages = _Messages.create(settings.stream, settings.status, settings.where, context)
    reporter = Reporter.create(name, settings, context, messages.stream, hop="")
    return DeadLetter(name, messages, reporter)


def build_stuck(name: str, settings: StuckSettings, context: RuleContext) -> "Stuck":
    """A rule from its settings.

    Raises:
        ValueError: the stream is unknown, or has not the fields asked for.
    """
    messages = _Messages.create(settings.stream, settings.status, settings.where, context)
    reporter = Reporter.create(name, settings, context, messages.stream, hop="")
    return Stuck(name, messages, settings, reporter)


@dataclass(frozen=True, slots=True)
class _Messages:
    """Messages of one stream in some states, each with the instant of its last change."""

    stream: StreamId
    which: pl.Expr
    columns: tuple[pl.Expr, ...]
    moved_at: pl.Expr

    @classmethod
    def create(
        cls, stream_name: str, status: tuple[str, ...], where: Condition, context: RuleContext
    ) -> "_Messages":
        stream = find_stream(context, stream_name)
        in_status = condition(context, stream, {"status": status})
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
        return cls(stream, in_status & condition(context, stream, where), columns, moved_at)

    def rows(self, scope: Scope) -> pl.DataFrame:
        return select_rows(scope, self.stream, self.which).select(*self.columns)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The rule that no message is given up."""

    name: str
    messages: _Messages
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The messages alone."""
        return frozenset((self.messages.stream,))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has such a message."""
        given_up = Fact(self.messages.stream, Aggregate.COUNT, where=self.messages.which)
        return Screen({"given_up": given_up}, pl.col("given_up") > 0)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each message that was given up."""
        given_up = self.messages.rows(scope).rename({"moved_at": "since"})
        return Verdict(self.reporter.report(scope, given_up, BreakKind.DEAD_LETTER))


@dataclass(frozen=True, slots=True)
class Stuck:
    """The rule that a message moves on. One without any stamp cannot be timed and is let be."""

    name: str
    messages: _Messages
    settings: StuckSettings
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The messages alone."""
        return frozenset((self.messages.stream,))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has one that did not move for so long."""
        overdue = self.messages.moved_at + self.settings.after <= now
        still = Fact(self.messages.stream, Aggregate.COUNT, where=self.messages.which & overdue)
        return Screen({"still": still}, pl.col("still") > 0)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each message that stands still; deadlines for those that may yet."""
        looked = scope.looked_until.get(self.messages.stream)
        seen_until = None if looked is None else min(looked, scope.now)
        due = later("moved_at", self.settings.after)
        moves = pl.lit(value=True) if seen_until is None else pl.col("at") > seen_until
        waiting = self.messages.rows(scope).drop_nulls("moved_at").with_columns(due.alias("at"))
        still = waiting.filter(~moves).select(
            "_transaction", "record_id", "expected", "actual", pl.col("at").alias("since")
        )
        return Verdict(
            found=self.reporter.report(scope, still, BreakKind.STUCK),
            awaited=awaited(waiting.filter(moves)),
        )


def _say(has_error: bool) -> pl.Expr:
    """The status, and the error where there is one."""
    if not has_error:
        return pl.col("status")
    error = pl.col("error").str.head(_LONGEST_ERROR)
    status = pl.col("status")
    told = pl.concat_str(status, pl.lit(": "), error)
    return pl.when(error.fill_null("") != "").then(told).otherwise(status)
