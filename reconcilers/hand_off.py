"""Hand-offs: what one system has must arrive in the next within its time, else late, missing.

A hand-off is a step of a flow: a won opportunity becomes a project, a signed contract a billing
schedule, an approved change order a change order in every system after it. The time runs from an
instant of the upstream record, plain or in the working time of a calendar. Until it has passed the
record is expected; then it is late, and after `missing_after` it is missing. An arrival resolves
the break, whether in time or not, unless `late_arrivals: report` asks for a record of it.

Silence counts only as far as one has looked: while the downstream system is blind nothing is late.
With `match`, every single record needs its own copy (each change order), else any downstream
record of the transaction will do. Hand-offs stand under `hand_offs` of a flow, not under `rules`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.flows import HandOffSettings
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext, WorkingTime
from monitor.core.ports import INSTANT, Scope, Verdict
from monitor.core.screens import EVERY_ROW, Aggregate, Fact, Screen, wrapping_sum
from reconcilers.conditions import (
    condition,
    explode_keys,
    fields_in,
    join_fields,
    later,
    select_rows,
)
from reconcilers.names import find_field, find_stream, find_working_time
from reconcilers.reporter import Reporter, as_text, awaited

EXAMPLE = """
deal-becomes-project:
  from: crm.opportunity
  to: psa.project
  when: {status: won}
  start: closed_at
  within: 4h
  missing_after: 2d
change-order-reaches-erp:
  from: psa.change_order
  to: erp.change_order
  when: {status: approved}
  start: approved_at
  within: 1d
  match: change_order
  late_arrivals: report
"""


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
    reporter = Reporter.create(name, settings, context, target, hop=name)
    return HandOff(
        name=name,
        settings=settings,
        source=source,
        target=target,
        required=find_stream(context, settings.requires) if settings.requires else None,
        when=condition(context, source, settings.when),
        that=condition(context, target, settings.that),
        add_time=find_working_time(context, settings.calendar, reporter.owner),
        reporter=reporter,
    )


def judge(seen_until: datetime, report_late: bool) -> tuple[pl.Expr, pl.Expr]:
    """Whether arrivals are fine, late or missing, and when to judge them again.

    The columns judged are `due`, `missing_at` (until when an arrival is in time, and late),
    `arrived` (bool) and `arrival` (null where it has no stamp).

    Args:
        seen_until: up to when the target is known. Silence counts only as far as one has looked.
        report_late: an arrival after its time remains late instead of being settled.

    Returns:
        `kind`, a word of `BreakKind` or null, and `at`, an instant or null.
    """
    seen = pl.lit(seen_until, INSTANT)
    arrived, due, missing_at = pl.col("arrived"), pl.col("due"), pl.col("missing_at")
    too_late = pl.lit(report_late) & (pl.col("arrival") > due).fill_null(value=False)
    late, missing = pl.lit(BreakKind.LATE.value), pl.lit(BreakKind.MISSING.value)
    kind = (
        pl.when(arrived & too_late)
        .then(late)
        .when(arrived | (seen < due))
        .then(None)
        .when(seen < missing_at)
        .then(late)
        .otherwise(missing)
    )
    again_at = pl.when(arrived).then(None).when(seen < due).then(due).when(seen < missing_at)
    return kind.alias("kind"), again_at.then(missing_at).alias("at")


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
    required: StreamId | None
    when: pl.Expr
    that: pl.Expr
    add_time: WorkingTime | None
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """Both ends, and what the transaction must have."""
        return frozenset((self.source, self.target, self.required or self.source))

    @property
    def minds(self) -> dict[StreamId, frozenset[str]]:
        """What asks for an arrival and from when, and what arrived when."""
        return join_fields(
            (self.source, fields_in(self.when).union((self.settings.start,))),
            (self.target, fields_in(self.that).union((self.settings.arrival,))),
            (self.required or self.source, ()),
        )

    def screen(self, now: datetime) -> Screen:
        """Suspicious is whose arrivals are fewer than, or come long after, what asks for them.

        Working time never runs faster than plain time, so plain time decides.
        """
        start, match = pl.col(self.settings.start), self.settings.match
        arrival, within = pl.col(self.settings.arrival), self.settings.within
        key = wrapping_sum(pl.col(f"_key:{match}")) if match else EVERY_ROW
        how = Aggregate.SUM if match else Aggregate.COUNT
        facts = {
            "first": Fact(self.source, Aggregate.MIN, start, self.when),
            "arrived": Fact(self.target, how, key, self.that),
        }
        first = pl.col("first")
        silent = pl.col("arrived") == 0
        if match:
            asked = self.when & start.is_not_null()
            facts["asked"] = Fact(self.source, how, key, asked)
            silent = pl.col("arrived").ne_missing(pl.col("asked"))
        suspicious = silent & (first <= now - within)
        if self.settings.late_arrivals == "report":
            ends = Aggregate.MAX if match else Aggregate.MIN
            facts["arrival"] = Fact(self.target, ends, arrival, self.that)
            suspicious |= pl.col("arrival") > first + within
        if self.required is not None:
            facts["required"] = Fact(self.required, Aggregate.COUNT)
            suspicious &= pl.col("required") > 0
        return Screen(facts, first.is_not_null() & suspicious)

    def evaluate(self, scope: Scope) -> Verdict:
        """Late and missing arrivals; deadlines for those still expected."""
        report_late = self.settings.late_arrivals == "report"
        # A blind target has shown nothing of this time, so nothing can be missing from it.
        looked = scope.looked_until.get(self.target, datetime.min.replace(tzinfo=scope.now.tzinfo))
        unsettled = self._pairs(scope).filter(~_settled(self.settings.within, report_late))
        judged = self._with_times(unsettled).with_columns(
            *judge(min(scope.now, looked), report_late)
        )
        accused = judged.drop_nulls("kind").select(
            "_transaction",
            "kind",
            record_id="_key",
            expected=as_text(judged, "due"),
            actual=as_text(judged, "arrival"),
            since="due",
        )
        return Verdict(
            found=self.reporter.report(scope, accused),
            awaited=awaited(judged.drop_nulls("at")),
        )

    def expectations(self, scope: Scope) -> pl.DataFrame:
        """What was to arrive by when, and what came, whether it is settled or not.

        Returns:
            By `_transaction` and `_key` (the pairing key, empty without `match`): `start`, `due`,
            `missing_at`, `arrived` (bool) and `arrival` (null where it has no stamp).
        """
        return self._with_times(self._pairs(scope))

    def _pairs(self, scope: Scope) -> pl.DataFrame:
        """What was to arrive, and what came, by `_transaction` and `_key`."""
        start = self.settings.start
        demands = self._by_key(
            select_rows(scope, self.source, self.when & pl.col(start).is_not_null())
        )
        if self.required is not None:
            demands = demands.join(scope.frames[self.required], on="_transaction", how="semi")
        arrivals = self._by_key(select_rows(scope, self.target, self.that))
        place = ["_transaction", "_key"]
        return (
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
        )

    def _with_times(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """In order, with `due` and `missing_at`: until when an arrival is in time, and late."""
        pairs = pairs.sort("_transaction", "_key")
        due = self._add_time(pairs["start"], self.settings.within)
        missing_after = self.settings.missing_after
        missing_at = due if missing_after is None else self._add_time(pairs["start"], missing_after)
        return pairs.with_columns(due.alias("due"), missing_at.alias("missing_at"))

    def _add_time(self, starts: pl.Series, allowed: timedelta) -> pl.Series:
        if self.add_time is None:
            return starts.to_frame("start").select(later("start", allowed)).to_series()
        return self.add_time.add_all(starts, allowed)

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
