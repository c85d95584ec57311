"""Hand-offs: what one system has must arrive in the next within its time, else late, missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.calendar import plain_time
from monitor.core.flows import HandOffSettings
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext, WorkingTime
from monitor.core.ports import Deadline, Scope, Verdict
from reconcilers.conditions import condition, explode_keys, select_rows
from reconcilers.names import find_calendar, find_field, find_stream
from reconcilers.reporter import Reporter, as_text

_EVERY_ROW = pl.lit(value=True)


def build_hand_off(name: str, settings: HandOffSettings, context: RuleContext) -> "HandOff":
    """A rule from a hand-off's settings.

    Raises:
        ValueError: a stream, field or calendar is unknown, a field is no instant, or
            `missing_after` is shorter than `within`.
    """
    source, target = find_stream(context, settings.source), find_stream(context, settings.to)
    find_field(context, source, settings.start, FieldType.INSTANT)
    find_field(context, target, settings.arrival, FieldType.INSTANT)
    missing_after = settings.missing_after
    if missing_after is not None and missing_after < settings.within:
        raise ValueError("missing_after is shorter than within: late comes before missing")
    return HandOff(
        name=name,
        settings=settings,
        source=source,
        target=target,
        when=condition(context, source, settings.when),
        add_time=find_calendar(context, settings.calendar) if settings.calendar else plain_time,
        reporter=Reporter.create(name, settings, context, target, hop=name),
    )


class Expectation(NamedTuple):
    """One arrival to be expected: until when it is in time, late, and what came."""

    due: datetime
    missing_at: datetime
    arrived: bool
    arrival: datetime | None


class Judgement(NamedTuple):
    """What an expectation amounts to, and when to judge it again."""

    kind: BreakKind | None = None
    again_at: datetime | None = None


def judge(expectation: Expectation, seen_until: datetime, report_late: bool) -> Judgement:
    """Whether an arrival is fine, late or missing.

    Args:
        expectation: what was expected and what came.
        seen_until: up to when the target is known. Silence counts only as far as one has looked.
        report_late: an arrival after its time remains late instead of being settled.
    """
    due, missing_at, arrived, arrival = expectation
    if arrived:
        too_late = arrival is not None and arrival > due
        return Judgement(BreakKind.LATE if too_late and report_late else None)
    if seen_until < due:
        return Judgement(again_at=due)
    if seen_until < missing_at:
        return Judgement(BreakKind.LATE, again_at=missing_at)
    return Judgement(BreakKind.MISSING)


@dataclass(frozen=True, slots=True)
class HandOff:
    """The rule of one hand-off.

    Without `match`, one downstream record in the transaction answers the earliest demand of the
    upstream ones. With it, each key of that kind upstream asks for the same key downstream; an
    upstream record without one asks for nothing, for nobody could tell its copy. Of several
    copies the earliest counts; one without a stamp of its arrival is there, and never late.
    """

    name: str
    settings: HandOffSettings
    source: StreamId
    target: StreamId
    when: pl.Expr
    add_time: WorkingTime
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """Both ends."""
        return frozenset((self.source, self.target))

    def evaluate(self, scope: Scope) -> Verdict:
        """Late and missing arrivals; deadlines for those still expected."""
        report_late = self.settings.late_arrivals == "report"
        # A blind target has shown nothing of this time, so nothing can be missing from it.
        looked = scope.looked_until.get(self.target, datetime.min.replace(tzinfo=scope.now.tzinfo))
        seen_until = min(scope.now, looked)
        judged = [
            (name, key, expectation, judge(expectation, seen_until, report_late))
            for name, key, expectation in self._expectations(scope, report_late)
        ]
        accused = {name for name, _, _, judgement in judged if judgement.kind}
        money = self.reporter.value_transactions(scope, accused)
        return Verdict(
            findings=tuple(
                self.reporter.report(
                    judgement.kind,
                    name,
                    money[name],
                    record_id=key,
                    expected=as_text(expectation.due),
                    actual=as_text(expectation.arrival),
                    since=expectation.due,
                )
                for name, key, expectation, judgement in judged
                if judgement.kind
            ),
            deadlines=tuple(
                Deadline(name, judgement.again_at)
                for name, _, _, judgement in judged
                if judgement.again_at
            ),
        )

    def _expectations(
        self, scope: Scope, report_late: bool
    ) -> Iterator[tuple[str, str, Expectation]]:
        """Transaction, key where the hand-off pairs by one, and what is expected there."""
        start = self.settings.start
        demands = self._by_key(
            select_rows(scope, self.source, self.when & pl.col(start).is_not_null())
        )
        arrivals = self._by_key(select_rows(scope, self.target, _EVERY_ROW))
        place = ["_transaction", "_key"]
        pairs = (
            demands.group_by(place)
            .agg(pl.col(start).min().alias("start"))
            .join(
                arrivals.group_by(place).agg(
                    pl.col(self.settings.arrival).min().alias("arrival"),
                    pl.lit(value=True).alias("arrived"),
                ),
                on=place,
                how="left",
            )
            .with_columns(pl.col("arrived").fill_null(value=False))
            .filter(~_settled(self.settings.within, report_late))
            .sort(place)
        )
        for name, key, begun, arrival, arrived in pairs.iter_rows():
            due = self.add_time(begun, self.settings.within)
            missing_after = self.settings.missing_after
            missing_at = due if missing_after is None else self.add_time(begun, missing_after)
            yield name, key, Expectation(due, missing_at, arrived, arrival)

    def _by_key(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self.settings.match is None:
            return rows.with_columns(pl.lit("").alias("_key"))
        return explode_keys(rows, self.settings.match)


def _settled(within: timedelta, report_late: bool) -> pl.Expr:
    """Pairs that need no closer look: working time never runs faster than plain time."""
    if not report_late:
        return pl.col("arrived")
    in_time = pl.col("arrival") - pl.col("start") <= within
    return pl.col("arrived") & in_time.fill_null(value=True)
