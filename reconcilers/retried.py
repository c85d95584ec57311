"""Retried: a message that needed more attempts than it should.

A message that arrives at the fifth attempt arrived, and tells of a target that refuses, times out
or is locked. Said early, it is a warning; said by the dead letter, it is an incident.
"""

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
from reconcilers.conditions import condition, select_rows
from reconcilers.names import find_field, find_stream
from reconcilers.reporter import Reporter, as_text

EXAMPLE = """
retried-too-often:
  check: retried
  stream: middleware.message
  attempts: 3
"""


class RetriedSettings(RuleSettings):
    """No message of the stream takes more attempts than allowed."""

    finds = frozenset({BreakKind.RETRIED})
    check: Literal["retried"]
    stream: StreamName
    """The messages."""
    attempts: int = Field(ge=1)
    """How many are still fine."""
    field: str = "attempts"
    """Integer field that counts them."""
    where: Condition = {}
    """Which messages count."""


def build(name: str, settings: RetriedSettings, context: RuleContext) -> "Retried":
    """A rule from its settings.

    Raises:
        ValueError: the stream or a field is unknown, or attempts are not counted in integers.
    """
    stream = find_stream(context, settings.stream)
    find_field(context, stream, settings.field, FieldType.INTEGER)
    updated = context.fields[stream].get("updated_at") is FieldType.INSTANT
    return Retried(
        name=name,
        stream=stream,
        settings=settings,
        too_often=condition(context, stream, settings.where)
        & (pl.col(settings.field) > settings.attempts).fill_null(value=False),
        since=pl.coalesce(*(["updated_at"] if updated else []), "_modified_at"),
        reporter=Reporter.create(name, settings, context, stream, hop=""),
    )


@dataclass(frozen=True, slots=True)
class Retried:
    """The rule that messages arrive within a few attempts; one that counts none is let be."""

    name: str
    stream: StreamId
    settings: RetriedSettings
    too_often: pl.Expr
    since: pl.Expr
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The messages alone."""
        return frozenset((self.stream,))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has such a message."""
        retried = Fact(self.stream, Aggregate.COUNT, where=self.too_often)
        return Screen({"retried": retried}, pl.col("retried") > 0)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each message that took too many attempts."""
        field = self.settings.field
        rows = select_rows(scope, self.stream, self.too_often)
        accused = rows.select(
            "_transaction",
            self.since.alias("since"),
            record_id="_record",
            field=pl.lit(field),
            expected=pl.lit(f"at most {self.settings.attempts}"),
            actual=as_text(rows, field),
        )
        return Verdict(self.reporter.report(scope, accused, BreakKind.RETRIED))
