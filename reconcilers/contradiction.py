"""Contradictions: two states that cannot both be true of one transaction.

A deal that was lost and a project that is active, a contract that ended and an assignment that
goes on: neither record is wrong by itself. The rule names two streams and the state that a record
of each must not have while one of the other has its own.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import StreamId
from monitor.core.plugins import Misfit, RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Settings
from reconcilers.conditions import condition, select_rows
from reconcilers.names import find_field, find_stream
from reconcilers.reporter import Reporter, as_text

EXAMPLE = """
lost-and-delivered:
  check: contradiction
  left: {stream: crm.opportunity, when: {status: lost}}
  right: {stream: psa.project, when: {status: active}}
"""


class SideSettings(Settings):
    """Records of one stream in one state."""

    stream: StreamName
    when: Condition = Field(min_length=1)


class ContradictionSettings(RuleSettings):
    """No transaction has a record on the left and one on the right in these states."""

    finds = frozenset({BreakKind.CONTRADICTION})
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
    if settings.left == settings.right:
        raise Misfit(f"a record of {right} in this state would contradict itself", "right")
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

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has both states."""
        return Screen(
            {
                "left": Fact(self.left, Aggregate.COUNT, where=self.left_when),
                "right": Fact(self.right, Aggregate.COUNT, where=self.right_when),
            },
            (pl.col("left") > 0) & (pl.col("right") > 0),
        )

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each record on the right that a record on the left contradicts."""
        left = (
            select_rows(scope, self.left, self.left_when)
            .unique("_transaction", keep="first", maintain_order=True)
            .pipe(
                lambda rows: rows.select(
                    "_transaction",
                    as_text(rows, self.field).alias("expected"),
                    left_at="_modified_at",
                )
            )
        )
        right = select_rows(scope, self.right, self.right_when)
        pairs = right.join(left, on="_transaction", maintain_order="left").select(
            "_transaction",
            "expected",
            record_id="_record",
            field=pl.lit(self.field),
            actual=as_text(right, self.field),
            since=pl.max_horizontal("_modified_at", "left_at"),
        )
        return Verdict(self.reporter.report(scope, pairs, BreakKind.CONTRADICTION))
