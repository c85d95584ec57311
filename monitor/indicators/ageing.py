"""How old the breaks are that stand."""

from collections.abc import Iterator

import polars as pl

from monitor.core.indicators import AGES
from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Amounts, Figure, Indicator
from monitor.indicators.money import dearest_of


def compute(facts: Facts) -> Iterator[Figure]:
    """Each class of ages."""
    since = pl.coalesce("since", "opened_at")
    heard = facts.breaks.filter("is_heard").with_columns(age=pl.lit(facts.now) - since)
    bounds = [*AGES.values(), None]
    for name, at_least, below in zip(AGES, bounds, bounds[1:], strict=False):
        # What a clock that runs ahead stamped later than now is as young as can be.
        is_older = pl.col("age") >= at_least if at_least else pl.lit(value=True)
        is_younger = pl.lit(value=True) if below is None else pl.col("age") < below
        of_age = heard.filter(is_older & is_younger)
        yield Figure(Indicator.AGEING, name.value, Amounts(of_age.height, dearest_of(of_age)))


AGEING = Definition(
    indicator=Indicator.AGEING,
    title="Ageing of breaks",
    meaning="How long the breaks have stood that stand, and how much money depends on them.",
    formula="now - since when it has been wrong by the systems' own stamps (else when it was "
    "opened), counted by classes of ages; money as value at risk within the class",
    unit="breaks, and money by currency",
    population="breaks that stand now and that people hear of",
    excluded="breaks that somebody ignores; those resolved, which count as recovery time",
    compute=compute,
)
