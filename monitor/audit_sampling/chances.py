"""Chances, exact where whole numbers allow it.

Rates and confidences are fractions; what is counted is counted. Only the Poisson limits need a
transcendental function, and are rounded up to the two decimals that tables print.
"""

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

_CENT = Decimal("0.01")


def binomial_at_most(found: int, drawn: int, rate: Fraction) -> Fraction:
    """The chance of at most `found` deviations in `drawn` draws, each of one with this rate."""
    some, of = rate.numerator, rate.denominator
    ways = sum(
        math.comb(drawn, count) * some**count * (of - some) ** (drawn - count)
        for count in range(min(found, drawn) + 1)
    )
    return Fraction(ways, of**drawn)


def hypergeometric_at_most(found: int, drawn: int, deviating: int, population: int) -> Fraction:
    """The same for draws without replacement from a population with so many deviating items."""
    ways = sum(
        math.comb(deviating, count) * math.comb(population - deviating, drawn - count)
        for count in range(min(found, drawn) + 1)
    )
    return Fraction(ways, math.comb(population, drawn))


def poisson_limit(found: int, confidence: Fraction) -> Decimal:
    """The mean number of errors that `found` errors leave possible, at a confidence.

    This is the confidence factor of monetary-unit sampling: 3.00, 4.75, 6.30 ... at 95 %, as in
    table C-3 of the AICPA's Audit Guide "Audit Sampling".
    """
    wanted = float(confidence)
    return _rounded_up(lambda mean: _lower_gamma(found + 1, mean) >= wanted)


def expansion_factor(expected: Fraction, confidence: Fraction) -> Decimal:
    """The confidence factor for a sample that is to bear some expected misstatement.

    Args:
        expected: misstatement expected, as a part of the tolerable one; less than 1.
        confidence: of the conclusion.

    Returns:
        The factor by which tolerable misstatement is divided to give the interval: 3.00 where
        nothing is expected, 3.31 at a twentieth, 11.54 at a half (95 %; the same guide, table C-2).
    """
    wanted, part = float(confidence), float(expected)
    return _rounded_up(lambda factor: _lower_gamma(1 + part * factor, factor) >= wanted)


def _rounded_up(is_enough: Callable[[float], bool]) -> Decimal:
    """The least number, to two decimals upwards, that is enough."""
    low, high = 0.0, 1.0
    while not is_enough(high):
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return Decimal(low).quantize(_CENT, ROUND_CEILING)


def _lower_gamma(shape: float, upto: float) -> float:
    """The regularised lower incomplete gamma function, by its power series."""
    if upto <= 0:
        return 0.0
    term = total = 1.0
    count = 0
    while term > total * 1e-16:
        count += 1
        term *= upto / (shape + count)
        total += term
    return total * math.exp(shape * math.log(upto) - upto - math.lgamma(shape + 1))
