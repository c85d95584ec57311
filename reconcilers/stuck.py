"""Stuck messages: begun, and not finished within their time.

A message that waits for a lock, a queue without a reader or a job that died is neither delivered
nor given up, so no dead letter tells of it. It is a break once it has gone unchanged for the time
allowed, by its own stamp of the last change, else by that of its record.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Duration
from reconcilers.conditions import fields_in, later
from reconcilers.message import Messages
from reconcilers.reporter import Reporter, awaited

EXAMPLE = """
message-stuck:
  check: stuck
  stream: middleware.message
  where: {queue: [projects, invoices]}
  after: 2h
"""


class StuckSettings(RuleSettings):
    """No message of the stream stays unfinished for too long."""

    finds = frozenset({BreakKind.STUCK})
    check: Literal["stuck"]
    stream: StreamName
    status: tuple[str, ...] = Field(default=("pending", "processing"), min_length=1)
    """Words of a message that is not finished."""
    after: Duration
    """How long it may go without a change."""
    where: Condition = {}
    """Which messages count."""


def build(name: str, settings: StuckSettings, context: RuleContext) -> "Stuck":
    """A rule from its settings.

    Raises:
        ValueError: the stream is unknown, or has not the fields asked for.
    """
    messages = Messages.create(settings.stream, settings.status, settings.where, context)
    reporter = Reporter.create(name, settings, context, messages.stream, hop="")
    return Stuck(name, messages, settings, reporter)


@dataclass(frozen=True, slots=True)
class Stuck:
    """The rule that a message moves on. One without any stamp cannot be timed and is let be."""

    name: str
    messages: Messages
    settings: StuckSettings
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The messages alone."""
        return frozenset((self.messages.stream,))

    @property
    def minds(self) -> dict[StreamId, frozenset[str]]:
        """The state of a message, and since when it is in it."""
        messages = self.messages
        return {messages.stream: fields_in(messages.which, messages.moved_at)}

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has one that did not move for so long."""
        messages = self.messages
        moved_at = Fact(messages.stream, Aggregate.MIN, messages.moved_at, messages.which)
        return Screen({"moved_at": moved_at}, pl.col("moved_at") + self.settings.after <= now)

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
