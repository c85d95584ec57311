"""Mandatory fields: what a record must tell once it has come to a stage.

A field that nobody filled in does no harm until the next team needs it: an active project without
a cost centre, a signed contract without payment terms. Each stage says which records are in it
and which of their fields must hold a value; text of nothing but blanks holds none.
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
from monitor.core.streams import Settings
from reconcilers.conditions import condition, select_rows
from reconcilers.names import find_field, find_stream
from reconcilers.reporter import Reporter

EXAMPLE = """
project-is-filled-in:
  check: mandatory
  stream: psa.project
  stages:
    - fields: [name, region]
    - when: {status: [active, closed]}
      fields: [legal_entity, cost_centre, billing_rule]
"""


class StageSettings(Settings):
    """Records in one state, and the fields that they must hold."""

    when: Condition = {}
    """Which records are in the stage; empty: all of them."""
    fields: tuple[str, ...] = Field(min_length=1)
    """What must be filled in."""


class MandatorySettings(RuleSettings):
    """Records of a stream must have certain fields filled in, by stage."""

    finds = frozenset({BreakKind.POLICY})
    check: Literal["mandatory"]
    stream: StreamName
    stages: tuple[StageSettings, ...] = Field(min_length=1)


def build(name: str, settings: MandatorySettings, context: RuleContext) -> "Mandatory":
    """A rule from its settings.

    Raises:
        ValueError: the stream or a field is unknown.
    """
    stream = find_stream(context, settings.stream)
    lacking: dict[str, pl.Expr] = {}
    for stage in settings.stages:
        in_stage = condition(context, stream, stage.when)
        for field in stage.fields:
            lacks = in_stage & _is_empty(field, find_field(context, stream, field))
            lacking[field] = lacking[field] | lacks if field in lacking else lacks
    reporter = Reporter.create(name, settings, context, stream, hop="")
    return Mandatory(name, stream, lacking, reporter)


def _is_empty(field: str, field_type: FieldType) -> pl.Expr:
    value = pl.col(field)
    if field_type is FieldType.TEXT:
        return value.str.strip_chars().fill_null("") == ""
    return value.is_null()


@dataclass(frozen=True, slots=True)
class Mandatory:
    """The rule that what a stage needs is there.

    Attributes:
        name: in the landscape.
        stream: whose records are looked at.
        lacking: by field, whether a record should hold a value there and does not.
        reporter: writes the findings.
    """

    name: str
    stream: StreamId
    lacking: dict[str, pl.Expr]
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The stream alone."""
        return frozenset((self.stream,))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has a record that lacks something."""
        lacks = pl.any_horizontal(*self.lacking.values())
        lacking = Fact(self.stream, Aggregate.COUNT, where=lacks)
        return Screen({"lacking": lacking}, pl.col("lacking") > 0)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each field of each record that should be filled in and is not."""
        rows = select_rows(scope, self.stream, pl.any_horizontal(*self.lacking.values()))
        accused = [
            rows.filter(lacks).select(
                "_transaction",
                record_id="_record",
                field=pl.lit(field),
                expected=pl.lit("a value"),
                since="_modified_at",
            )
            for field, lacks in self.lacking.items()
        ]
        return Verdict(self.reporter.report(scope, pl.concat(accused), BreakKind.POLICY))
