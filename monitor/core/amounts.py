"""Amounts as expressions over columns of money."""

from decimal import ROUND_DOWN, Context, Decimal

import polars as pl

from monitor.core.ports import MONEY

EXACT = Context(prec=100)
"""Twice the 38 digits of a canonical decimal, and room: differences and shares are exact."""

SMALLEST = Decimal("0.000001")
"""The last digit of a canonical decimal."""


def money(amount: Decimal) -> pl.Expr:
    """A canonical amount; what it has beyond the last digit could not matter.

    It is written as text, for a series of decimals loads NumPy wherever that is installed, which
    takes longer than a small reconciliation.
    """
    text = format(amount.quantize(SMALLEST, ROUND_DOWN, EXACT), "f")
    return pl.lit(text).cast(MONEY)
