"""Which share of deals is seen in every system in which it should be."""

from collections.abc import Iterator

import polars as pl

from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator, Share


def compute(facts: Facts) -> Iterator[Figure]:
    """One figure."""
    moved = facts.hand_offs.filter(facts.within("concluded_at")).select("transaction").unique()
    deals = (
        facts.hand_offs.join(moved, on="transaction", how="semi")
        .group_by("transaction")
        .agg(pl.col("overdue").any(), pl.col("unknown").any())
    )
    known = deals.filter(pl.col("overdue") | ~pl.col("unknown"))
    hidden = known.filter("overdue").height
    share = Share(known.height - hidden, known.height, deals.height - known.height)
    yield Figure(Indicator.VISIBILITY, "", share)


VISIBILITY = Definition(
    indicator=Indicator.VISIBILITY,
    title="End-to-end visibility",
    meaning="Which share of deals is seen in every system in which it should be by now.",
    formula="deals of the population without an overdue hand-off ÷ deals of the population of "
    "which it is known",
    unit="ratio",
    population="deals with a hand-off that arrived, or became overdue, in the period",
    excluded="deals of which it is unknown because a system cannot be looked at (counted beside); "
    "deals that nothing is asked of yet; records without a deal, which no system should have",
    compute=compute,
)
