"""How long each hand-off takes."""

from collections.abc import Iterator

import polars as pl

from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator
from monitor.indicators.quantiles import times_of


def compute(facts: Facts) -> Iterator[Figure]:
    """One figure a hand-off."""
    arrivals = facts.arrivals.with_columns(taken=pl.col("arrived_at") - pl.col("started_at"))
    for step in facts.plan.steps:
        taken = arrivals.filter(pl.col("hop") == step.name, pl.col("taken") >= pl.duration())
        yield Figure(Indicator.HAND_OFF_TIME, step.name, times_of(taken, "taken", "worked"))


HAND_OFF_TIME = Definition(
    indicator=Indicator.HAND_OFF_TIME,
    title="Hand-off time",
    meaning="How long what one system has takes to arrive in the next one.",
    formula="arrival - start, by the systems' own stamps; the quantiles are times that were "
    "really taken (nearest rank), in plain time and in working time of the hand-off's calendar",
    unit="seconds",
    population="hand-offs that arrived in the period",
    excluded="arrivals without a stamp, and those stamped before what they stem from: neither "
    "has a time",
    compute=compute,
)
