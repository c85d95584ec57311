"""Monetary-unit sampling: how much is overstated. Every unit of money is as likely to be drawn.

Amounts are whole millionths. The method is that of the AICPA's Audit Guide "Audit Sampling",
chapter 6 and appendix C: systematic selection by cumulative amounts, items as large as the
interval examined whole, and an upper limit after Stringer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import NamedTuple

from monitor.audit_sampling.attribute import chance_of
from monitor.audit_sampling.chances import expansion_factor, poisson_limit

SCALE = Decimal("0.000001")

_CENT = Decimal("0.01")


class Item(NamedTuple):
    """A record with the money that it states."""

    native_id: str
    amount: Decimal


class Hit(NamedTuple):
    """An item that was drawn; `is_whole` where it is as large as the interval, and so certain."""

    item: Item
    is_whole: bool


@dataclass(frozen=True, slots=True)
class MonetaryPlan:
    """How to draw.

    Attributes:
        confidence: of the conclusion.
        tolerable: misstatement that would no longer be borne.
        expected: misstatement that is expected.
        factor: what `tolerable` is divided by.
        interval: one unit of money is drawn out of so many.
        start: the first one drawn.
    """

    confidence: Fraction
    tolerable: Decimal
    expected: Decimal
    factor: Decimal
    interval: Decimal
    start: Decimal


def plan_monetary(
    confidence: Fraction, tolerable: Decimal, expected: Decimal, seed: str
) -> MonetaryPlan:
    """The interval that the conclusion needs, and a start in it from the seed.

    Raises:
        ValueError: the figures cannot be met by a sample.
    """
    if not 0 < confidence < 1:
        raise ValueError("confidence lies between 0 and 1")
    if tolerable < SCALE or not 0 <= expected <= tolerable * Decimal("0.9"):
        raise ValueError("expected misstatement must be well below the tolerable one")
    factor = expansion_factor(Fraction(expected) / Fraction(tolerable), confidence)
    interval = (tolerable / factor).quantize(SCALE, ROUND_FLOOR)
    units = int(interval / SCALE)
    if not units:
        raise ValueError("the tolerable misstatement is too small to be sampled for")
    start = (int.from_bytes(chance_of(seed, "start")) % units + 1) * SCALE
    return MonetaryPlan(confidence, tolerable, expected, factor, interval, start)


def draw_monetary(items: Iterable[Item], plan: MonetaryPlan) -> Iterator[Hit]:
    """The items that hold a drawn unit of money, and every one as large as the interval.

    Args:
        items: with positive amounts, in an order of their own, such as that of their ids: the
            same items in the same order give the same sample. Others are passed over.
        plan: as made by `plan_monetary`.
    """
    reached, upcoming = Decimal(0), plan.start
    for item in items:
        if item.amount >= plan.interval:
            yield Hit(item, is_whole=True)
        elif item.amount > 0:
            reached += item.amount
            if reached >= upcoming:
                # Smaller than the interval, it holds no second one.
                yield Hit(item, is_whole=False)
                upcoming += plan.interval


class Misstatement(NamedTuple):
    """By how much a drawn item is overstated; understated where it is negative."""

    hit: Hit
    overstated: Decimal


@dataclass(frozen=True, slots=True)
class MonetaryConclusion:
    """What the sample says of the population.

    Attributes:
        known: overstatement found in items examined whole.
        projected: the same, with what was found in the others drawn out to the population.
        upper_limit: overstatement that is not exceeded, at the plan's confidence.
        understated: understatement found, which sets off none of it.
        is_accepted: whether the limit stays within what is tolerable.
    """

    known: Decimal
    projected: Decimal
    upper_limit: Decimal
    understated: Decimal
    is_accepted: bool


def conclude_monetary(plan: MonetaryPlan, found: Iterable[Misstatement]) -> MonetaryConclusion:
    """Stringer's upper limit: each taint weighs by the step of its factor, the largest first."""
    known, understated = Fraction(0), Fraction(0)
    taints: list[Fraction] = []
    for (item, is_whole), overstated in found:
        if overstated < 0:
            understated -= Fraction(overstated)
        elif is_whole:
            known += Fraction(overstated)
        elif overstated:
            taints.append(min(Fraction(overstated) / Fraction(item.amount), Fraction(1)))
    interval = Fraction(plan.interval)
    factors = [
        Fraction(poisson_limit(errors, plan.confidence)) for errors in range(len(taints) + 1)
    ]
    weighed = sum(
        (
            (factors[rank] - factors[rank - 1]) * taint
            for rank, taint in enumerate(sorted(taints, reverse=True), start=1)
        ),
        start=factors[0],
    )
    upper = _up(known + interval * weighed)
    return MonetaryConclusion(
        known=_up(known),
        projected=_up(known + interval * sum(taints, start=Fraction(0))),
        upper_limit=upper,
        understated=_up(understated),
        is_accepted=upper <= plan.tolerable,
    )


def _up(amount: Fraction) -> Decimal:
    """To the cent, upwards: a limit must not be told too low."""
    cents = -(-amount.numerator * 100 // amount.denominator)
    return Decimal(cents) * _CENT
