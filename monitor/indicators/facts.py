"""Facts: what indicators are computed from, of one flow and one time."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from monitor.core.breaks import HEARD_STATES
from monitor.core.indicators import IndicatorPlan
from monitor.core.ports import INSTANT
from monitor.indicators.figures import Period


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one flow; every frame has the deal's key as `transaction`.

    Attributes:
        plan: how the flow is measured.
        period: what counts.
        now: the present.
        is_blind: some stream that the flow needs cannot be seen.
        deals: status, amount, currency and the dimensions.
        hand_offs: hop, pair, started_at, due_at, has_arrived, arrived_at, worked, amount,
            currency, and what follows: `overdue`, `unknown` (its time has passed, and nobody can
            see whether it arrived) and `concluded_at` (when it arrived, else when it was due).
        records: stream, native_id, arrived_at.
        breaks: those that stand or were resolved in the period: fingerprint, kind, hop, stream
            (as `system.stream`), record_id, amount, currency, since, opened_at, resolved_at,
            state, episode, and `is_heard`.
        set_ups: started_at and arrived_at of deals whose set-up was completed in the period.
        recoveries: kind, failed_at, recovered_at: breaks that were resolved in the period.
    """

    plan: IndicatorPlan
    period: Period
    now: datetime
    is_blind: bool
    deals: pl.DataFrame
    hand_offs: pl.DataFrame
    records: pl.DataFrame
    breaks: pl.DataFrame
    set_ups: pl.DataFrame
    recoveries: pl.DataFrame

    def of(self, deals: pl.DataFrame) -> "Facts":
        """Those of some deals alone."""

        def own(frame: pl.DataFrame) -> pl.DataFrame:
            return frame.join(deals, on="transaction", how="semi")

        return replace(
            self,
            deals=deals,
            hand_offs=own(self.hand_offs),
            records=own(self.records),
            breaks=own(self.breaks),
            set_ups=own(self.set_ups),
            recoveries=own(self.recoveries),
        )

    def within(self, column: str) -> pl.Expr:
        """Whether an instant lies in the period."""
        return pl.col(column).is_between(*self.period, closed="left")

    @property
    def arrivals(self) -> pl.DataFrame:
        """Hand-offs that arrived in the period."""
        return self.hand_offs.filter(pl.col("has_arrived"), self.within("concluded_at"))


def judge_hand_offs(
    hand_offs: pl.DataFrame, seen_until: Mapping[str, datetime], now: datetime
) -> pl.DataFrame:
    """Hand-offs with `overdue`, `unknown` and `concluded_at`.

    Args:
        hand_offs: as they were measured.
        seen_until: by hop, up to when its target is known; a blind one is missing.
        now: the present.
    """
    seen = pl.DataFrame(
        {"hop": list(seen_until), "seen": [min(at, now) for at in seen_until.values()]},
        schema={"hop": pl.String, "seen": INSTANT},
    )
    is_late = ~pl.col("has_arrived") & (pl.col("due_at") <= now)
    overdue = is_late & (pl.col("due_at") <= pl.col("seen")).fill_null(value=False)
    return (
        hand_offs.join(seen, on="hop", how="left")
        .with_columns(
            overdue=overdue,
            unknown=is_late & ~overdue,
            concluded_at=pl.when(pl.col("has_arrived") | is_late).then(
                pl.coalesce("arrived_at", "due_at")
            ),
        )
        .drop("seen")
    )


def judge_breaks(breaks: pl.DataFrame) -> pl.DataFrame:
    """Breaks with `is_heard`, and their stream as `system.stream`."""
    heard: Collection[str] = sorted(state.value for state in HEARD_STATES)
    return breaks.with_columns(
        stream=pl.concat_str("system", "stream", separator="."),
        is_heard=pl.col("state").is_in(heard),
    ).drop("system")
