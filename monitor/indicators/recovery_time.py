"""How long it takes until a failed integration has been made good."""

from collections.abc import Iterator

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator
from monitor.indicators.quantiles import times_of

FAILURES = (
    BreakKind.MISSING,
    BreakKind.LATE,
    BreakKind.DEAD_LETTER,
    BreakKind.STUCK,
    BreakKind.UNDELIVERED,
)
"""Breaks that mean that something was not carried on."""


def compute(facts: Facts) -> Iterator[Figure]:
    """All kinds together, then each that happened."""
    took = facts.recoveries.with_columns(took=pl.col("recovered_at") - pl.col("failed_at"))
    took = took.filter(pl.col("kind").is_in([kind.value for kind in FAILURES]))
    yield Figure(Indicator.RECOVERY_TIME, "", times_of(took, "took"))
    for kind in FAILURES:
        of_kind = took.filter(pl.col("kind") == kind.value)
        if of_kind.height:
            yield Figure(Indicator.RECOVERY_TIME, kind.value, times_of(of_kind, "took"))


RECOVERY_TIME = Definition(
    indicator=Indicator.RECOVERY_TIME,
    title="Recovery time",
    meaning="How long it takes until what an integration failed to carry on has arrived after all.",
    formula="resolved - failed, as quantiles by nearest rank; failed is when it went wrong by the "
    "systems' own stamps (when it was opened, where they say nothing or it stood before), resolved "
    "is when tieout saw it gone",
    unit="seconds",
    population=f"breaks of the kinds {', '.join(FAILURES)} that were resolved in the period",
    excluded="breaks that stand, whose time is not over (see ageing); suspicions that were "
    "dismissed; breaks of other kinds, which are no failures to carry something on",
    compute=compute,
)
