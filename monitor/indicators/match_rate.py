"""Which share of deals ties out."""

from collections.abc import Iterator

import polars as pl

from monitor.core.transactions import TransactionStatus
from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator, Share


def compute(facts: Facts) -> Iterator[Figure]:
    """One figure."""
    moved = pl.concat(
        [
            facts.hand_offs.filter(facts.within("concluded_at")).select("transaction"),
            facts.records.select("transaction"),
        ]
    ).unique()
    statuses = facts.deals.join(moved, on="transaction", how="semi")["status"]

    def count(*wanted: TransactionStatus) -> int:
        return int(statuses.is_in([status.value for status in wanted]).sum())

    matched, broken = count(TransactionStatus.MATCHED), count(TransactionStatus.BROKEN)
    unknown = count(TransactionStatus.UNKNOWN)
    if facts.is_blind:
        told = Share(0, 0, matched + broken + unknown)
    else:
        told = Share(matched, matched + broken, unknown)
    yield Figure(Indicator.MATCH_RATE, "", told)


MATCH_RATE = Definition(
    indicator=Indicator.MATCH_RATE,
    title="Match rate",
    meaning="Which share of the deals that moved agrees in everything that should agree.",
    formula="deals of the population whose last look said matched ÷ those of which it said matched "
    "or broken",
    unit="ratio",
    population="deals with a hand-off that arrived or became overdue in the period, or with a "
    "counted record that came to be in it; as they stand now",
    excluded="deals in flight, of which something is awaited in time; deals that are unknown "
    "(counted beside): all of them while a stream that the flow needs is blind",
    compute=compute,
)
