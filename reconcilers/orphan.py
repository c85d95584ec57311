"""Orphans: records of a transaction that lacks what they should stem from.

An invoice without a deal, a project nobody sold, a change order without a contract: somebody typed
it in, a deletion upstream was not carried on, or its key names something else. The record is a
break unless its transaction has a record in the stream that it must stem from.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import MONEY, Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from reconcilers.conditions import condition, fields_in, select_rows
from reconcilers.names import find_stream
from reconcilers.reporter import Reporter, awaited, currency_of, has_money

EXAMPLE = """
invoice-without-deal:
  check: orphan
  stream: erp.invoice
  where: {status: [posted, paid]}
"""


class OrphanSettings(RuleSettings):
    """Every record of the stream must belong to a transaction that has a record in `of`."""

    finds = frozenset({BreakKind.ORPHAN})
    check: Literal["orphan"]
    stream: StreamName
    """Where orphans are looked for."""
    of: Literal["root"] | StreamName = "root"
    """Stream that the transaction must have a record in; `root`: the flow's own."""
    where: Condition = {}
    """Which records of the stream have to stem from one."""


def build(name: str, settings: OrphanSettings, context: RuleContext) -> "Orphan":
    """A rule from its settings.

    Raises:
        ValueError: a stream or field is unknown, or the stream would be asked about itself.
    """
    stream = find_stream(context, settings.stream)
    parent = context.root if settings.of == "root" else find_stream(context, settings.of)
    if stream == parent:
        raise ValueError(
            f"records of {stream} cannot be orphans of {parent}: it is the same stream"
        )
    created = context.fields[stream].get("created_at") is FieldType.INSTANT
    return Orphan(
        name=name,
        stream=stream,
        parent=parent,
        where=condition(context, stream, settings.where),
        since=pl.coalesce(*(["created_at"] if created else []), "_modified_at"),
        reporter=Reporter.create(name, settings, context, stream, hop=f"{parent} -> {stream}"),
    )


@dataclass(frozen=True, slots=True)
class Orphan:
    """The rule that nothing stands without what it stems from."""

    name: str
    stream: StreamId
    parent: StreamId
    where: pl.Expr
    since: pl.Expr
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The stream itself and what it stems from."""
        return frozenset((self.stream, self.parent))

    @property
    def minds(self) -> dict[StreamId, frozenset[str]]:
        """Which records count; of what they stem from, that it is there."""
        return {self.stream: fields_in(self.where), self.parent: frozenset()}

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has such records and none in the parent's stream."""
        return Screen(
            {
                "records": Fact(self.stream, Aggregate.COUNT, where=self.where),
                "parents": Fact(self.parent, Aggregate.COUNT),
            },
            (pl.col("records") > 0) & (pl.col("parents") == 0),
        )

    def evaluate(self, scope: Scope) -> Verdict:
        """Orphans, once the parent's stream was looked at as far as the orphan's own birth."""
        looked = scope.looked_until.get(self.parent)
        # A stamp may lie ahead of its time; the record was there when it was seen.
        born = pl.min_horizontal("since", "_observed_at")
        unseen = pl.lit(value=True) if looked is None else born > looked
        orphans = (
            select_rows(scope, self.stream, self.where)
            .join(scope.frames[self.parent], on="_transaction", how="anti", maintain_order="left")
            .with_columns(self.since.alias("since"))
            .with_columns(unseen.alias("unseen"), born.alias("at"))
            .with_columns(
                record_id="_record",
                expected=pl.lit(f"a record in {self.parent}"),
                **self._own_money(),
            )
        )
        return Verdict(
            found=self.reporter.report(
                scope,
                orphans.filter(~pl.col("unseen")).select(
                    "_transaction", "record_id", "expected", "since", "value_at_risk", "currency"
                ),
                BreakKind.ORPHAN,
            ),
            awaited=awaited(orphans.filter("unseen")),
        )

    def _own_money(self) -> dict[str, pl.Expr]:
        """What the orphan itself states: there is no deal to state it."""
        context = self.reporter.context
        if not has_money(context, self.stream):
            return {"value_at_risk": pl.lit(None, MONEY), "currency": pl.lit(None, pl.String)}
        currency = currency_of(context, self.stream)
        return {"value_at_risk": pl.col(context.value_amount), "currency": currency}
