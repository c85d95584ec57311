"""How long hand-offs took in a period, and how many deals were in order as it went on."""

from collections import Counter
from collections.abc import Collection, MutableMapping
from datetime import date, datetime

import polars as pl

from monitor.core.ports import INSTANT, Scope
from monitor.core.statistics import HopDay
from monitor.estate import Flow
from monitor.transits import transits_of

Times = MutableMapping[str, Counter[int]]
"""By hand-off, how many deals took how long, by `monitor.core.statistics.class_of`."""

PERCENTILES = (50, 90, 99)
POINTS = 31
"""Instants of a period at which it is told how many deals were in order."""

LATENCY = pl.Schema(
    {
        "hand_off": pl.String(),
        "arrived": pl.Int64(),
        **{f"p{each}_seconds": pl.Int64() for each in PERCENTILES},
    }
)
"""A row a hand-off: how many deals arrived within the period, and percentiles of their times."""

MATCH_RATE = pl.Schema({"at": INSTANT, "deals": pl.Int64(), "with_breaks": pl.Int64()})
"""A row an instant: of the deals of the population, how many had a break that people knew of."""


def add_times(times: Times, flow: Flow, rules: Collection[str], scope: Scope, since: date) -> None:
    """Count in how long the hand-offs among these rules took, of what arrived since a day."""
    for hand_off in flow.hand_offs:
        if hand_off.start and hand_off.name in rules:
            upstream, downstream = scope.frames[hand_off.source], scope.frames[hand_off.to]
            for day, classes in transits_of(upstream, downstream, hand_off, None).items():
                if day >= since:
                    times[hand_off.name].update(classes)


def latency_of(times: Times) -> pl.DataFrame:
    """The times as `LATENCY`, by hand-off."""
    rows = [
        (
            name,
            taken.transits,
            *(int(taken.percentile(each).total_seconds()) for each in PERCENTILES),
        )
        for name, taken in ((name, HopDay(times[name])) for name in sorted(times))
    ]
    return pl.DataFrame(rows, schema=LATENCY, orient="row")


def share_in_order(
    episodes: pl.DataFrame, since: datetime, until: datetime, deals: int
) -> pl.DataFrame:
    """At evenly spread instants of a period, how many of so many deals had no open break.

    Args:
        episodes: `monitor.store.episodes.EPISODES`, of the rules that matter.
        since: when the period begins.
        until: when it ends.
        deals: of the population.

    Returns:
        `MATCH_RATE`; empty where there are no deals.
    """
    rows = []
    for place in range(POINTS if deals else 0):
        at = since + (until - since) * place / (POINTS - 1)
        stood = (pl.col("opened_at") <= at) & (
            pl.col("closed_at").is_null() | (pl.col("closed_at") > at)
        )
        broken = min(episodes.filter(stood)["transaction"].n_unique(), deals)
        rows.append((at, deals, broken))
    return pl.DataFrame(rows, schema=MATCH_RATE, orient="row")
