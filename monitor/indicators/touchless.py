"""Which share of hand-offs went through by themselves."""

from collections.abc import Iterator

import polars as pl

from monitor.core.indicators import Step
from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator, Share


def compute(facts: Facts) -> Iterator[Figure]:
    """All hand-offs together, then each."""
    arrivals, parts = facts.arrivals, []
    for step in facts.plan.steps:
        arrived = arrivals.filter(pl.col("hop") == step.name)
        touched = _touched(arrived, step, facts.breaks)
        parts.append(Figure(Indicator.TOUCHLESS, step.name, _share(arrived, touched)))
    shares = [figure.value for figure in parts if isinstance(figure.value, Share)]
    everything = Share(sum(each.part for each in shares), sum(each.whole for each in shares))
    yield Figure(Indicator.TOUCHLESS, "", everything)
    yield from parts


def _share(arrived: pl.DataFrame, touched: pl.DataFrame) -> Share:
    return Share(arrived.height - touched.height, arrived.height)


def _touched(arrived: pl.DataFrame, step: Step, breaks: pl.DataFrame) -> pl.DataFrame:
    """Those against whose arrival a break stood: people heard of it, and had to see to it.

    With single records paired, a break that names a pair is about that one alone.
    """
    about = breaks.filter(pl.col("stream") == str(step.to))
    names_pair = pl.lit(value=False)
    if step.match is not None:
        names_pair = pl.col("record_id").str.starts_with(f"{step.match}:")
    pairs = about.filter(names_pair).select("transaction", pair="record_id")
    deals = about.filter(~names_pair)
    of_pairs = arrived.join(pairs, on=["transaction", "pair"], how="semi")
    others = arrived.join(pairs, on=["transaction", "pair"], how="anti")
    return pl.concat([of_pairs, others.join(deals, on="transaction", how="semi")])


TOUCHLESS = Definition(
    indicator=Indicator.TOUCHLESS,
    title="Touchless hand-offs",
    meaning="Which share of hand-offs neither a person nor a correction had to touch.",
    formula="(arrivals - touched arrivals) ÷ arrivals; touched is an arrival against which a break "
    "was opened: in its deal, in the stream in which it arrived, and of its pair where single "
    "records are paired. Acknowledgements, ignores and corrections are steps in the life of such "
    "a break",
    unit="ratio",
    population="hand-offs that arrived in the period",
    excluded="suspicions that were dismissed before anybody heard of them; breaks of messages, "
    "which belong to no hand-off",
    compute=compute,
)
