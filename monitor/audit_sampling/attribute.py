"""Attribute sampling: how often something is wrong, whatever it is worth.

Sizes and limits are exact and one-sided. For an endless population they are those of the tables
in the AICPA's Audit Guide "Audit Sampling", appendix A (binomial); for a finite one the
hypergeometric distribution needs somewhat less.
"""

import hashlib
import heapq
from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

from monitor.audit_sampling.chances import binomial_at_most, hypergeometric_at_most

MOST_EXPECTED = 60
"""Deviations that a sample may be planned to bear; more means that it should not be drawn."""

LEAST_TOLERABLE = Fraction(1, 1000)

_STEPS = 1_000_000
"""Parts of one in which a limit is told."""


def sample_size(
    confidence: Fraction, tolerable: Fraction, expected: Fraction, population: int | None = None
) -> tuple[int, int]:
    """How many to draw, and how many deviations the sample bears.

    The smallest sample that shows, at the confidence, a rate below the tolerable one although it
    contains the deviations to be expected in it, rounded up.

    Args:
        confidence: one less the risk of relying on what does not deserve it.
        tolerable: rate of deviations that would no longer be borne.
        expected: rate that is expected.
        population: how many there are; None for an endless population.

    Raises:
        ValueError: what is expected is too near to what is tolerable to tell them apart.
    """
    _check(confidence, tolerable, expected)
    drawn = 1
    for borne in range(MOST_EXPECTED + 1):
        drawn = _smallest(borne, drawn, 1 - confidence, tolerable, population)
        if drawn * expected <= borne or drawn == population:
            return drawn, borne
    raise ValueError("the expected rate is too near to the tolerable one: examine them all")


def _check(confidence: Fraction, tolerable: Fraction, expected: Fraction) -> None:
    if not 0 < confidence < 1:
        raise ValueError("confidence lies between 0 and 1")
    if not LEAST_TOLERABLE <= tolerable < 1:
        raise ValueError("the tolerable rate lies between 0.001 and 1: below, examine them all")
    if not 0 <= expected < tolerable:
        raise ValueError("the expected rate must be less than the tolerable one")


def _smallest(
    borne: int, at_least: int, risk: Fraction, tolerable: Fraction, population: int | None
) -> int:
    """The smallest sample in which so few deviations would be too unlikely at the tolerable rate.

    To draw more makes it ever more unlikely, so it can be closed in on.
    """

    def is_enough(drawn: int) -> bool:
        if population is None:
            return binomial_at_most(borne, drawn, tolerable) <= risk
        deviating = -(-population * tolerable.numerator // tolerable.denominator)
        chance = hypergeometric_at_most(borne, drawn, deviating, population)
        return drawn >= population or chance <= risk

    low, high = at_least - 1, at_least
    while not is_enough(high):
        low, high = high, 2 * high if population is None else min(2 * high, population)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def upper_limit(
    found: int, drawn: int, confidence: Fraction, population: int | None = None
) -> Decimal:
    """The rate of deviations that is not exceeded, at a confidence; rounded up to 6 decimals.

    For an endless population this is the one-sided limit of Clopper and Pearson (Biometrika 26,
    1934); for a finite one its hypergeometric counterpart.

    Args:
        found: deviations in the sample.
        drawn: its size.
        confidence: of the statement.
        population: how many there are; None for an endless population.
    """
    risk = 1 - confidence
    if population is None:
        parts, last = _STEPS, _STEPS
    else:
        parts, last = population, population - (drawn - found)

    def is_likely(deviating: int) -> bool:
        if population is None:
            return binomial_at_most(found, drawn, Fraction(deviating, parts)) > risk
        return hypergeometric_at_most(found, drawn, deviating, population) > risk

    most = _last_likely(is_likely, 0 if population is None else found, last)
    if population is None and most < parts:
        most += 1
    return (Decimal(most) / parts).quantize(Decimal(1) / _STEPS, ROUND_CEILING)


def _last_likely(is_likely: Callable[[int], bool], low: int, high: int) -> int:
    """The last number from `low`, which is likely, to `high` that is; likelihood only falls."""
    if is_likely(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_likely(middle) else (low, middle)
    return low


def draw(native_ids: Iterable[str], size: int, seed: str) -> list[str]:
    """A simple random sample without replacement.

    Each id gets a number from the seed, and the lowest are drawn: the same population and seed
    give the same sample, in whatever order the ids come.

    Returns:
        Ids in the order in which they were drawn.
    """
    return heapq.nsmallest(size, native_ids, key=lambda native_id: chance_of(seed, native_id))


def chance_of(seed: str, text: str) -> bytes:
    """A number that looks random and follows from seed and text alone."""
    return hashlib.sha256(f"{seed}\x1f{text}".encode()).digest()
