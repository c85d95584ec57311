"""How often a system holds something twice."""

from collections.abc import Iterator

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.indicators.definition import Definition
from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator, Share

_RECORD = ["stream", "native_id"]


def compute(facts: Facts) -> Iterator[Figure]:
    """All guarded streams together, then each."""
    copies = facts.breaks.filter(
        pl.col("kind") == BreakKind.DUPLICATE.value,
        pl.coalesce("since", "opened_at").is_between(*facts.period, closed="left"),
    ).select("stream", native_id="record_id")
    guarded = [str(stream) for stream in sorted(facts.plan.unique)]
    records = facts.records.select(_RECORD).filter(pl.col("stream").is_in(guarded))
    # A copy that was deleted since is no record any more, and was one nevertheless.
    population = pl.concat([records, copies.filter(pl.col("stream").is_in(guarded))]).unique()
    copies = copies.unique().join(population, on=_RECORD, how="semi")
    yield Figure(Indicator.DUPLICATES, "", Share(copies.height, population.height))
    for stream in guarded:
        of_stream = pl.col("stream") == stream
        share = Share(copies.filter(of_stream).height, population.filter(of_stream).height)
        yield Figure(Indicator.DUPLICATES, stream, share)


DUPLICATES = Definition(
    indicator=Indicator.DUPLICATES,
    title="Duplicate incidence",
    meaning="Which share of records are copies of what their system held already.",
    formula="records accused by a duplicate break that came to be in the period ÷ records that "
    "came to be in the period, copies that were deleted since included in both",
    unit="ratio",
    population="records of the streams that a duplicate rule guards, which came to be in the "
    "period",
    excluded="streams without such a rule, since nobody would know; customers held twice, which "
    "belong to no deal",
    compute=compute,
)
