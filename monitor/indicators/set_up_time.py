"""How long it takes to set a project up, from the first hand-off to the last."""

from collections.abc import Iterator

import polars as pl

from monitor.core.plugins import WorkingTime
from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator
from monitor.indicators.quantiles import times_of


def compute(facts: Facts) -> Iterator[Figure]:
    """One figure, where the flow has such hand-offs."""
    if not facts.plan.set_up:
        return
    taken = facts.set_ups.with_columns(taken=pl.col("arrived_at") - pl.col("started_at")).filter(
        pl.col("taken") >= pl.duration()
    )
    calendar = _common_calendar(facts)
    if calendar is not None:
        worked = calendar.worked_all(taken["started_at"], taken["arrived_at"])
        taken = taken.with_columns(worked=worked)
    told = times_of(taken, "taken", "worked" if calendar else None)
    yield Figure(Indicator.SET_UP_TIME, "", told)


def _common_calendar(facts: Facts) -> WorkingTime | None:
    """The working time that all of the hand-offs are told in; None where they differ."""
    steps = {step.name: step for step in facts.plan.steps}
    first, *others = [steps[name].working_time for name in facts.plan.set_up]
    return first if all(other == first for other in others) else None


SET_UP_TIME = Definition(
    indicator=Indicator.SET_UP_TIME,
    title="Project set-up time",
    meaning="How long a firm needs from winning a deal to being able to deliver and bill it.",
    formula="arrival of the last set-up hand-off - start of the first one, as quantiles by nearest "
    "rank; working time where all of these hand-offs count with the same calendar",
    unit="seconds",
    population="deals whose last set-up hand-off arrived in the period",
    excluded="deals that are not set up yet (hand-offs that are overdue count as revenue delayed), "
    "and those whose last arrival is stamped before their first start",
    compute=compute,
)
