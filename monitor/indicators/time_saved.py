"""What the work would have taken by hand, by the firm's own assumption."""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator, Saving


def compute(facts: Facts) -> Iterator[Figure]:
    """One figure, where the landscape states the assumption."""
    by_hand = facts.plan.by_hand
    if by_hand.check == by_hand.investigate == timedelta(0):
        return
    checks = facts.hand_offs.filter(facts.within("concluded_at"), ~pl.col("unknown")).height
    opened = facts.breaks.filter(facts.within("opened_at")).height
    time = checks * by_hand.check + opened * by_hand.investigate
    yield Figure(Indicator.TIME_SAVED, "", Saving(time, checks, opened))


TIME_SAVED = Definition(
    indicator=Indicator.TIME_SAVED,
    title="Time saved",
    meaning="What the same checks would have taken people, if the firm's own assumption holds.",
    formula="hand-offs checked * `by_hand.check` + breaks explained * `by_hand.investigate`; both "
    "times are assumptions of the landscape, and not measured",
    unit="seconds",
    population="hand-offs that arrived or became overdue in the period, and breaks that were "
    "opened in it",
    excluded="all other work that tieout does or spares; without a stated assumption nothing is "
    "told",
    compute=compute,
)
