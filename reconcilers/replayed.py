"""Replayed: one message that was delivered twice.

Whoever empties a dead-letter queue by hand, or restarts a consumer before it committed its place,
delivers again what had arrived. Messages are the same by an idempotency key, or by fields such as
integration and correlation; of those that say they were delivered the first one is right.

A second delivery that its target took for the first does no harm. With `target`, a replay counts
only where the transaction then has more than one record there; with `match`, one with that key.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Name
from reconcilers.conditions import condition, explode_keys, select_rows
from reconcilers.names import check_key, find_field, find_stream
from reconcilers.reporter import Reporter
from reconcilers.silence import find_birth

EXAMPLE = """
delivered-once:
  check: replayed
  stream: middleware.message
  key: idempotency
project-message-replayed:
  check: replayed
  stream: middleware.message
  by: [flow]
  where: {flow: deal-to-project}
  target: psa.project
"""


class ReplayedSettings(RuleSettings):
    """No message is delivered twice."""

    finds = frozenset({BreakKind.REPLAYED})
    check: Literal["replayed"]
    stream: StreamName
    """The messages."""
    by: tuple[str, ...] = ()
    """Fields that together, within a transaction, tell two messages apart; one without a value in
    any of them is no replay."""
    key: Name | None = None
    """Key kind that tells two messages apart, instead of fields."""
    status: tuple[str, ...] = Field(default=("delivered", "done", "processed"), min_length=1)
    """Words of a message that says it was delivered."""
    where: Condition = {}
    """Which messages count."""
    target: StreamName | None = None
    """Where a replay does harm; None: every replay counts."""
    match: Name | None = None
    """Key kind that a message and its records in the target share; None: the transaction's."""

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if bool(self.by) == bool(self.key):
            raise ValueError("say either by which fields or by which key messages are told apart")
        if self.match is not None and self.target is None:
            raise ValueError("'match' pairs messages with records of a 'target': name it")
        return self


def build(name: str, settings: ReplayedSettings, context: RuleContext) -> "Replayed":
    """A rule from its settings.

    Raises:
        ValueError: a stream or field is unknown, or the messages are their own target.
    """
    stream = find_stream(context, settings.stream)
    target = None if settings.target is None else find_stream(context, settings.target)
    if stream == target:
        raise ValueError(f"{stream} cannot be delivered to itself")
    check_key(context, settings.key, stream)
    check_key(context, settings.match, stream, *([] if target is None else [target]))
    for field in settings.by:
        find_field(context, stream, field)
    where = condition(context, stream, {"status": settings.status})
    hop = "" if target is None else f"{stream} -> {target}"
    return Replayed(
        name=name,
        stream=stream,
        target=target,
        settings=settings,
        where=where & condition(context, stream, settings.where),
        born=find_birth(context, stream),
        reporter=Reporter.create(name, settings, context, stream, hop=hop),
    )


@dataclass(frozen=True, slots=True)
class Replayed:
    """The rule that a message is delivered once.

    The first replay is accused, so that the break stays the same one when a third comes.
    """

    name: str
    stream: StreamId
    target: StreamId | None
    settings: ReplayedSettings
    where: pl.Expr
    born: pl.Expr
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The messages, and the target where there is one."""
        return frozenset(filter(None, (self.stream, self.target)))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has more than one such message, and more than one record after it."""
        facts = {"messages": Fact(self.stream, Aggregate.COUNT, where=self.where)}
        suspicious = pl.col("messages") > 1
        if self.target is not None:
            facts["records"] = Fact(self.target, Aggregate.COUNT)
            suspicious &= pl.col("records") > 1
        return Screen(facts, suspicious)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each message that was delivered more than once."""
        replays = self._replays(scope)
        if self.target is not None:
            replays = self._harmful(scope, self.target, replays)
        accused = replays.select("_transaction", "record_id", "expected", "actual", "since")
        return Verdict(self.reporter.report(scope, accused, BreakKind.REPLAYED))

    def _replays(self, scope: Scope) -> pl.DataFrame:
        settings = self.settings
        rows = select_rows(scope, self.stream, self.where).with_columns(
            self.born.alias("born"), pl.col("_keys").alias("keys")
        )
        rows = explode_keys(rows, settings.key) if settings.key else rows.drop_nulls(settings.by)
        identity = ["_key"] if settings.key else list(settings.by)
        again = pl.col("_record").slice(1)
        return (
            rows.sort("born", pl.col("_record").str.len_chars(), "_record", nulls_last=True)
            .select(
                "_transaction", "_record", "born", "keys",
                *(pl.col(column).alias(f"by:{column}") for column in identity),
            )
            .group_by(
                "_transaction", *(f"by:{column}" for column in identity), maintain_order=True
            )
            .agg(
                pl.len().alias("deliveries"),
                pl.col("_record").first().alias("expected"),
                again.first().alias("record_id"),
                again.str.join(", ").alias("actual"),
                pl.col("born").slice(1).first().alias("since"),
                pl.col("keys").first().alias("_keys"),
            )
            .filter(pl.col("deliveries") > 1)
            # Two keys of the same messages are one and the same replay.
            .unique(["_transaction", "record_id"], keep="first", maintain_order=True)
            .sort("_transaction", "expected")
        )  # fmt: skip

    def _harmful(self, scope: Scope, target: StreamId, replays: pl.DataFrame) -> pl.DataFrame:
        """Replays after which the target holds more than one record."""
        match = self.settings.match
        records = select_rows(scope, target, pl.lit(value=True))
        if match is not None:
            records, replays = explode_keys(records, match), explode_keys(replays, match)
        place = ["_transaction", *(["_key"] if match else [])]
        several = (
            records.group_by(place)
            .agg(pl.col("_record").n_unique().alias("records"), pl.col("_record").unique())
            .filter(pl.col("records") > 1)
        )
        made = pl.col("_record").list.sort().list.join(", ")
        return (
            replays.join(several, on=place, maintain_order="left")
            .with_columns(pl.format("{}, which made {}", "actual", made).alias("actual"))
            .unique(["_transaction", "record_id"], keep="first", maintain_order=True)
        )
