"""Which share of billed deals had something wrong in billing."""

from collections.abc import Iterator

import polars as pl

from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator, Share


def compute(facts: Facts) -> Iterator[Figure]:
    """One figure."""
    streams = [str(stream) for stream in facts.plan.billing]
    in_billing = pl.col("stream").is_in(streams)
    billed = facts.records.filter(in_billing).select("transaction")
    owed = facts.hand_offs.filter(
        pl.col("hop").is_in([step.name for step in facts.plan.steps if str(step.to) in streams]),
        pl.col("overdue"),
        facts.within("concluded_at"),
    ).select("transaction")
    population = pl.concat([billed, owed]).unique()
    stood = in_billing & (pl.col("opened_at") < facts.period.until)
    wrong = facts.breaks.filter(stood).select("transaction").unique()
    exceptions = population.join(wrong, on="transaction", how="semi")
    yield Figure(Indicator.BILLING_EXCEPTIONS, "", Share(exceptions.height, population.height))


BILLING_EXCEPTIONS = Definition(
    indicator=Indicator.BILLING_EXCEPTIONS,
    title="Billing exceptions",
    meaning="Which share of the deals that were billed had something wrong in billing.",
    formula="deals of the population with a break in a billing stream that stood at some time in "
    "the period ÷ deals of the population",
    unit="ratio",
    population="deals with a record in a billing stream that came to be in the period, or with a "
    "hand-off into one that became overdue in it",
    excluded="breaks in other streams, though they may end in a wrong bill; deals that nothing was "
    "billed of in the period",
    compute=compute,
)
