"""Contradictions: two states that cannot both be true of one transaction."""

from dataclasses import dataclass
from typing import Literal

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.streams import Settings
from reconcilers.conditions import condition, select_rows
from reconcilers.names import find_field, find_stream
from reconcilers.reporter import Reporter, as_text


class SideSettings(Settings):
    """Records of one stream in one state."""

    stream: StreamName
    when: Condition = Field(min_length=1)


class ContradictionSettings(RuleSettings):
    """No transaction has a record on the left and one on the right in these states."""

    check: Literal["contradiction"]
    left: SideSettings
    """The side that is right."""
    right: SideSettings
    """The side that is wrong."""
    field: str = "status"
    """Field of both that tells the states."""


def build(name: str, settings: ContradictionSettings, context: RuleContext) -> "Contradiction":
    """A rule from its settings.

    Raises:
        ValueError: a stream or field is unknown.
    """
    left = find_stream(context, settings.left.stream)
    right = find_stream(context, settings.right.stream)
    for stream in (left, right):
        find_field(context, stream, settings.field)
    return Contradiction(
        name=name,
        left=left,
        left_when=condition(context, left, settings.left.when),
        right=right,
        right_when=condition(context, right, settings.right.when),
        field=settings.field,
        reporter=Reporter.create(name, settings, context, right, hop=f"{left} -> {right}"),
    )


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The rule that two states exclude each other."""

    name: str
    left: StreamId
    left_when: pl.Expr
    right: StreamId
    right_when: pl.Expr
    field: str
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """Both sides."""
        return frozenset((self.left, self.right))

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each record on the right that a record on the left contradicts."""
        left = (
            select_rows(scope, self.left, self.left_when)
            .unique("_transaction", keep="first", maintain_order=True)
            .select("_transaction", pl.col(self.field).alias("expected"), left_at="_modified_at")
        )
        pairs = (
            select_rows(scope, self.right, self.right_when)
            .join(left, on="_transaction", maintain_order="left")
            .with_columns(since=pl.max_horizontal("_modified_at", "left_at"))
            .select("_transaction", "_record", "expected", self.field, "since")
        )
        money = self.reporter.value_transactions(scope, set(pairs["_transaction"]))
        return Verdict(
            tuple(
                self.reporter.report(
                    BreakKind.CONTRADICTION,
                    name,
                    money[name],
                    field=self.field,
                    record_id=record_id,
                    expected=as_text(expected),
                    actual=as_text(actual),
                    since=since,
                )
                for name, record_id, expected, actual, since in pairs.iter_rows()
            )
        )
