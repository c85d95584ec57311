"""Lineage: every approved amendment in every later system, once, and at the right version.

A change order is approved in one system and retyped in the next ones; a contract is amended while
projects go on by the old text. For each thing that the stream holds (by `key`: each change order,
each contract) the rule takes the latest version that satisfies `where` and says of each later
system whether the thing is absent there, is behind, is ahead, or was put in twice.

Being absent or behind counts once its time has passed and the later system was looked at that
far. Being ahead counts once the first system was looked at beyond the copy, for it may have a
newer version which nobody has read yet. Money at risk is the amendment's own amount.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext, WorkingTime
from monitor.core.ports import MONEY, Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Duration, Name, Settings
from reconcilers.conditions import condition, explode_keys, select_rows
from reconcilers.names import check_key, find_field, find_stream, find_working_time
from reconcilers.reporter import Reporter, awaited, currency_of, has_money
from reconcilers.silence import (
    CHANGED,
    STAMPED,
    find_birth,
    find_start,
    has_passed,
    with_due,
)
from reconcilers.versions import (
    PLACE,
    WORTH,
    compare_versions,
    extra_copies,
    latest_copies,
    latest_versions,
)

EXAMPLE = """
change-orders-are-carried-on:
  check: lineage
  stream: crm.change_order
  where: {status: approved}
  start: approved_at
  key: change_order
  version: revision
  downstream:
    - {stream: psa.change_order, within: 1d}
    - {stream: erp.change_order, within: 2d}
projects-know-the-contract:
  check: lineage
  stream: contracts.contract
  where: {status: signed}
  start: signed_at
  key: contract
  downstream:
    - {stream: psa.project, version: contract_revision, copies: several, absent: allow, within: 2d}
"""

_MISSING, _LINEAGE = pl.lit(BreakKind.MISSING.value), pl.lit(BreakKind.LINEAGE.value)
_ACCUSED = ["_transaction", "record_id", "kind", "field", "expected", "actual", "since", *WORTH]


class DownstreamSettings(Settings):
    """A later system that must follow."""

    stream: StreamName
    where: Condition = {}
    """Which of its records count as copies."""
    version: str | None = None
    """Integer field with the version that it has; None: called as in the first system."""
    within: Duration = timedelta(0)
    """Time allowed, in working time where a calendar counts, else plain time."""
    copies: Literal["one", "several"] = "one"
    """`one`: one record a version, the latest counts, and two of one version were put in twice.
    `several`: records side by side, each of which must have the latest version."""
    absent: Literal["report", "allow"] = "report"
    """Whether it is a break that there is no copy at all; a hand-off may say so already."""


class LineageSettings(RuleSettings):
    """What one system versions is in each later one, once, and at its latest version."""

    finds = frozenset({BreakKind.MISSING, BreakKind.LINEAGE})
    check: Literal["lineage"]
    stream: StreamName
    """Where versions are made."""
    where: Condition = {}
    """Which of its records are in force."""
    key: Name | None = None
    """Key kind that names the versioned thing; None: there is one in a transaction."""
    version: str = "revision"
    """Integer field with the version."""
    start: str | None = None
    """Instant or date of a version from which the time runs; None, and versions without a value
    there: its birth, or last change."""
    calendar: str = ""
    """Name of the calendar whose working time counts; empty: the owner's, if any; or `plain`."""
    downstream: tuple[DownstreamSettings, ...] = Field(min_length=1)
    """The later systems."""


def build(name: str, settings: LineageSettings, context: RuleContext) -> "Lineage":
    """A rule from its settings.

    Raises:
        ValueError: a stream, field or calendar is unknown, a version is no integer, or a stream
            is named twice.
    """
    stream = find_stream(context, settings.stream)
    find_field(context, stream, settings.version, FieldType.INTEGER)
    later = [find_stream(context, each.stream) for each in settings.downstream]
    if len({stream, *later}) <= len(later):
        raise ValueError("a stream is named twice: each system follows the first one once")
    check_key(context, settings.key, stream, *later)
    return Lineage(
        name=name,
        settings=settings,
        stream=stream,
        where=condition(context, stream, settings.where),
        start=find_start(context, stream, settings.start),
        money=_money(context, stream),
        followers=tuple(
            _follower(name, settings, each, target, context)
            for each, target in zip(settings.downstream, later, strict=True)
        ),
    )


def _money(context: RuleContext, stream: StreamId) -> tuple[pl.Expr, pl.Expr]:
    """The amendment's own amount and currency; nulls where it states none."""
    amount = pl.col(context.value_amount) if has_money(context, stream) else pl.lit(None, MONEY)
    currency = currency_of(context, stream)
    return amount.alias("value_at_risk"), currency.alias("currency")


def _follower(
    name: str,
    settings: LineageSettings,
    downstream: DownstreamSettings,
    stream: StreamId,
    context: RuleContext,
) -> "Follower":
    version = downstream.version or settings.version
    find_field(context, stream, version, FieldType.INTEGER)
    reporter = Reporter.create(name, settings, context, stream, f"{settings.stream} -> {stream}")
    return Follower(
        settings=downstream,
        stream=stream,
        where=condition(context, stream, downstream.where),
        version=version,
        born=find_birth(context, stream),
        add_time=find_working_time(context, settings.calendar, reporter.owner),
        reporter=reporter,
    )


@dataclass(frozen=True, slots=True)
class Follower:
    """One later system."""

    settings: DownstreamSettings
    stream: StreamId
    where: pl.Expr
    version: str
    born: pl.Expr
    add_time: WorkingTime | None
    reporter: Reporter


@dataclass(frozen=True, slots=True)
class Lineage:
    """The rule that later systems follow. A version without a number is not compared."""

    name: str
    settings: LineageSettings
    stream: StreamId
    where: pl.Expr
    start: pl.Expr
    money: tuple[pl.Expr, ...]
    followers: tuple[Follower, ...]

    @property
    def needs(self) -> frozenset[StreamId]:
        """Where versions are made, and all that follow."""
        return frozenset((self.stream, *(each.stream for each in self.followers)))

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has something to carry on, or several copies."""
        facts = {"versions": Fact(self.stream, Aggregate.COUNT, where=self.where)}
        suspicious = pl.col("versions") > 0
        for number, follower in enumerate(self.followers):
            copies = Fact(follower.stream, Aggregate.COUNT, where=follower.where)
            facts[f"copies{number}"] = copies
            suspicious |= pl.col(f"copies{number}") > 1
        return Screen(facts, suspicious)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each copy that is absent, behind, ahead or there twice."""
        versions = self._in_force(scope)
        verdicts = [self._judge(scope, versions, each) for each in self.followers]
        return Verdict(
            found=pl.concat([each.found for each in verdicts]),
            awaited=pl.concat([each.awaited for each in verdicts]).unique(maintain_order=True),
        )

    def _judge(self, scope: Scope, versions: pl.DataFrame, follower: Follower) -> Verdict:
        copies = self._copies(scope, follower)
        apart = self._apart(versions, copies, follower)
        # What is absent or behind is a later system's silence, what is ahead the first one's.
        counts = (
            pl.when("is_ahead")
            .then(has_passed(scope, self.stream))
            .otherwise(has_passed(scope, follower.stream))
        )
        accused = [apart.filter(counts).select(_ACCUSED)]
        if follower.settings.copies == "one":
            accused.append(_twice(copies, versions).select(_ACCUSED))
        return Verdict(
            found=follower.reporter.report(scope, pl.concat(accused), BreakKind.LINEAGE),
            awaited=awaited(apart.filter(~counts)),
        )

    def _in_force(self, scope: Scope) -> pl.DataFrame:
        rows = self._by_key(select_rows(scope, self.stream, self.where))
        version = pl.col(self.settings.version)
        return latest_versions(
            rows.select(
                *PLACE,
                *self.money,
                version.alias("latest"),
                self.start.alias("start"),
                STAMPED.alias("changed_at"),
            )
        )

    def _copies(self, scope: Scope, follower: Follower) -> pl.DataFrame:
        rows = self._by_key(select_rows(scope, follower.stream, follower.where))
        return rows.select(
            *PLACE,
            "_record",
            pl.col(follower.version).alias("version"),
            follower.born.alias("born"),
            CHANGED.alias("copied_at"),
        )

    def _apart(
        self, versions: pl.DataFrame, copies: pl.DataFrame, follower: Follower
    ) -> pl.DataFrame:
        """Copies absent, behind or ahead, and from when on that counts (`at`)."""
        settings = follower.settings
        pairs = compare_versions(
            versions, latest_copies(copies) if settings.copies == "one" else copies
        ).filter(~pl.col("is_absent") | pl.lit(settings.absent == "report"))
        start = pl.when("is_absent").then("first_start").otherwise("latest_start")
        # What follows a version since it changed may be there since then, and not read yet.
        counts_from = pl.max_horizontal("at", "changed_at")
        return with_due(pairs, start, settings.within, follower.add_time).with_columns(
            since=pl.when("is_ahead").then("copied_at").otherwise("at"),
            at=pl.when("is_ahead").then("copied_at").otherwise(counts_from),
            kind=pl.when("is_absent").then(_MISSING).otherwise(_LINEAGE),
            field=pl.when("is_absent").then(pl.lit("")).otherwise(pl.lit(follower.version)),
            record_id=pl.coalesce("_record", "_key"),
            expected=pl.col("latest").cast(pl.String),
            actual=pl.col("version").cast(pl.String),
        )

    def _by_key(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self.settings.key is None:
            return rows.with_columns(pl.lit("").alias("_key"))
        return explode_keys(rows, self.settings.key)


def _twice(copies: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """What was put in more than once, worth what the version in force is."""
    worth = versions.select(*PLACE, *WORTH)
    return (
        extra_copies(copies)
        .join(worth, on=PLACE, how="left", maintain_order="left")
        .with_columns(kind=_LINEAGE, field=pl.lit(""))
    )
