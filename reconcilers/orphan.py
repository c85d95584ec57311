"""Orphans: records of a transaction that lacks what they should stem from."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Deadline, Scope, Verdict
from reconcilers.conditions import condition, select_rows
from reconcilers.names import find_stream
from reconcilers.reporter import Reporter


class OrphanSettings(RuleSettings):
    """Every record of the stream must belong to a transaction that has a record in `of`."""

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

    def evaluate(self, scope: Scope) -> Verdict:
        """Orphans, once the parent's stream was looked at as far as the orphan's own birth."""
        orphans = (
            select_rows(scope, self.stream, self.where)
            .join(scope.frames[self.parent], on="_transaction", how="anti")
            .select("_transaction", "_record", self.since.alias("since"), "_observed_at")
        )
        looked = scope.looked_until.get(self.parent)
        money = self.reporter.value_transactions(scope, set(orphans["_transaction"]))
        findings, deadlines = [], []
        for name, record_id, since, observed in orphans.iter_rows():
            # A stamp may lie ahead of its time; the record was there when it was seen.
            born = observed if since is None else min(since, observed)
            if looked is None or looked < born:
                deadlines.append(Deadline(name, born))
                continue
            findings.append(
                self.reporter.report(
                    BreakKind.ORPHAN,
                    name,
                    money[name],
                    record_id=record_id,
                    expected=f"a record in {self.parent}",
                    since=since,
                )
            )
        return Verdict(tuple(findings), tuple(deadlines))
