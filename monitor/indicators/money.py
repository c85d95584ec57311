"""Money that depends on what is wrong: at risk, and delayed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import polars as pl

from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Amounts, Figure, Indicator


def compute_at_risk(facts: Facts) -> Iterator[Figure]:
    """All hand-offs and comparisons together, then each that has breaks."""
    heard = facts.breaks.filter("is_heard")
    yield Figure(Indicator.VALUE_AT_RISK, "", Amounts(heard.height, dearest_of(heard)))
    for (hop,), of_hop in sorted(heard.partition_by("hop", as_dict=True).items()):
        if hop:
            told = Amounts(of_hop.height, dearest_of(of_hop))
            yield Figure(Indicator.VALUE_AT_RISK, str(hop), told)


def compute_delayed(facts: Facts) -> Iterator[Figure]:
    """Each hand-off."""
    for step in facts.plan.steps:
        waiting = facts.hand_offs.filter(pl.col("hop") == step.name)
        overdue = waiting.filter("overdue")
        unknown = waiting.filter("unknown").height
        sums = sums_of(overdue.select("amount", "currency").iter_rows())
        told = Amounts(overdue.height, sums, unknown)
        yield Figure(Indicator.REVENUE_DELAYED, step.name, told)


def dearest_of(breaks: pl.DataFrame) -> Mapping[str, Decimal]:
    """Each deal once with its dearest break: two breaks do not put its money at risk twice."""
    dearest: dict[tuple[str, str], Decimal] = {}
    for deal, amount, currency in breaks.select("transaction", "amount", "currency").iter_rows():
        if amount is not None:
            value = Decimal(amount)
            dearest[deal, currency] = max(value, dearest.get((deal, currency), value))
    return sums_of((value, currency) for (_, currency), value in dearest.items())


def sums_of(amounts: Iterable[tuple[Decimal | str | None, str]]) -> Mapping[str, Decimal]:
    """Exact sums by currency; what states no amount does not count."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for amount, currency in amounts:
        if amount is not None:
            sums[currency] += Decimal(amount)
    return dict(sorted(sums.items()))


VALUE_AT_RISK = Definition(
    indicator=Indicator.VALUE_AT_RISK,
    title="Value at risk",
    meaning="How much money depends on the breaks that stand.",
    formula="sum, by currency, of each deal's dearest break; within a hand-off or comparison of "
    "its dearest break there, so that the parts may add up to more than the whole",
    unit="money by currency",
    population="breaks that stand now and that people hear of",
    excluded="breaks that somebody ignores; breaks of which no money is known",
    compute=compute_at_risk,
)
REVENUE_DELAYED = Definition(
    indicator=Indicator.REVENUE_DELAYED,
    title="Revenue delayed",
    meaning="How much money waits because a hand-off has not happened in its time.",
    formula="sum, by currency, of what is overdue: the deal's value, or the record's own amount "
    "where single records are paired",
    unit="money by currency",
    population="hand-offs that are overdue now, as far as their systems can be seen",
    excluded="hand-offs whose time has not passed; those into a system that cannot be looked at "
    "(counted beside); a deal that waits at two hand-offs counts at each, so the parts are not "
    "added up",
    compute=compute_delayed,
)
