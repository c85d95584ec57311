"""A sample of a report's population, drawn from a seed, for an auditor to test."""

from decimal import Decimal
from fractions import Fraction

import polars as pl

from monitor.audit_sampling.attribute import draw, sample_size
from monitor.audit_sampling.design import Method
from monitor.audit_sampling.monetary import Item, draw_monetary, plan_monetary
from monitor.core.errors import Permanent, Reason
from monitor.core.ports import MONEY
from monitor.evidence_pack.request import SampleAsked

SAMPLE = pl.Schema(
    {
        "number": pl.Int64(),
        "deal": pl.String(),
        "term": pl.String(),
        "amount": MONEY,
        "currency": pl.String(),
        "whole": pl.Boolean(),
    }
)
"""Drawn deals in the order of the drawing; `whole` where the amount made it certain."""


def draw_deals(population: pl.DataFrame, asked: SampleAsked) -> pl.DataFrame:
    """Draw deals of a population; the same seed draws the same ones.

    Args:
        population: `monitor.evidence_pack.population.POPULATION`, by deal.
        asked: how.

    Returns:
        `SAMPLE`.

    Raises:
        Permanent: no sample can meet the figures, or there is nothing to draw from.
    """
    is_monetary = asked.method == Method.MONETARY
    among = pl.col("currency") == asked.currency if is_monetary else pl.col("part") == 1
    units = population.filter(among)
    try:
        chosen = _by_money(units, asked) if is_monetary else _by_deal(units, asked)
    except ValueError as error:
        raise Permanent(f"no such sample can be drawn: {error}", reason=Reason.REFUSED) from None
    drawn = pl.DataFrame(
        [(number, *each) for number, each in enumerate(chosen, 1)],
        schema={"number": pl.Int64, "deal": pl.String, "whole": pl.Boolean},
        orient="row",
    )
    return drawn.join(units, on="deal", maintain_order="left").select(*SAMPLE)


def _by_deal(units: pl.DataFrame, asked: SampleAsked) -> list[tuple[str, bool]]:
    if not units.height:
        raise ValueError("the population is empty")
    size, _ = sample_size(
        Fraction(asked.confidence),
        Fraction(asked.tolerable),
        Fraction(asked.expected),
        units.height,
    )
    return [(deal, False) for deal in draw(units["deal"].to_list(), size, asked.seed)]


def _by_money(units: pl.DataFrame, asked: SampleAsked) -> list[tuple[str, bool]]:
    if not units.height:
        raise ValueError(f"no deal states money in '{asked.currency}'")
    plan = plan_monetary(
        Fraction(asked.confidence), Decimal(asked.tolerable), Decimal(asked.expected), asked.seed
    )
    items = (Item(*row) for row in units.select("deal", "amount").drop_nulls().iter_rows())
    return [(hit.item.native_id, hit.is_whole) for hit in draw_monetary(items, plan)]
