"""Money: exact products, conversion by dated rates, and in what way two amounts differ."""

from decimal import Decimal

import polars as pl

from monitor.core.amounts import money
from monitor.core.breaks import Classification
from monitor.core.ports import MONEY
from monitor.core.rates import RATE

_MOST = money(Decimal(10**16))
_MOST_FACTOR = money(Decimal(10**15))
"""Within these two, every product has a place among the 38 digits."""

_MOST_SUMMED = money(Decimal(10**24))
"""Of amounts within this, a hundred million make a sum that has a place."""


def classify(expected: pl.Expr, actual: pl.Expr, residual: pl.Expr) -> pl.Expr:
    """In what way two different amounts of one currency differ, as a word of `Classification`.

    Args:
        expected: the owner's amount.
        actual: the other one.
        residual: the most that rounding leaves over; not negative.

    Returns:
        Null where an amount is; for equal amounts the empty word.
    """
    over = actual - expected
    return (
        pl.when(over == 0)
        .then(pl.lit(Classification.NONE.value))
        .when(over.abs() <= residual)
        .then(pl.lit(Classification.ROUNDING.value))
        .when(over > 0)
        .then(pl.lit(Classification.OVER.value))
        .when(over < 0)
        .then(pl.lit(Classification.UNDER.value))
    )


def countable(amount: pl.Expr) -> pl.Expr:
    """The amount; null where it is so great that a sum might not fit, and then be wrong."""
    return pl.when(amount.abs() < _MOST_SUMMED).then(amount)


def product(amount: pl.Expr, factor: pl.Expr) -> pl.Expr:
    """Both multiplied, exactly, then rounded to six digits; null where it would not fit."""
    fits = (amount.abs() < _MOST) & (factor.abs() < _MOST_FACTOR)
    return (pl.when(fits).then(amount) * pl.when(fits).then(factor)).cast(MONEY)


def currency_code(column: str) -> pl.Expr:
    """The column's currency codes in capitals; null for a blank."""
    return pl.col(column).str.strip_chars().str.to_uppercase().replace("", None)


def convert(amounts: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """The amounts in another currency, by the latest rate on or before a date.

    A pair that is quoted in one direction only serves both. There is no way round by a third
    currency: who books so states the pair's own rate. An amount without a currency is taken to
    be in the one that is asked for.

    Args:
        amounts: `amount`, `currency`, `target` (the currency asked for) and `on` (Date).
        rates: as `RATES`.

    Returns:
        The rows in some order, with `is_foreign`, and `value`, which is null where no rate is
        known.
    """
    is_foreign = (pl.col("currency") != pl.col("target")).fill_null(value=False)
    marked = amounts.with_columns(is_foreign.alias("is_foreign"))
    home = marked.filter(~pl.col("is_foreign")).with_columns(value=pl.col("amount").cast(MONEY))
    foreign = marked.filter("is_foreign")
    dated = foreign.filter(pl.col("on").is_not_null()).sort("on")
    quoted = dated.join_asof(
        _both_ways(rates).sort("on"),
        on="on",
        by_left=["currency", "target"],
        by_right=["base", "quote"],
        check_sortedness=False,
    )
    fits = pl.when(pl.col("amount").abs() < _MOST).then("amount")
    valued = quoted.with_columns(
        value=pl.when("is_inverse")
        .then(fits / pl.col("rate"))
        .otherwise(fits * pl.col("rate"))
        .round(6)
        .cast(MONEY)
    )
    undated = foreign.filter(pl.col("on").is_null())
    unvalued = undated.with_columns(value=pl.lit(None, MONEY))
    columns = home.columns
    return pl.concat([home, valued.select(columns), unvalued.select(columns)])


def _both_ways(rates: pl.DataFrame) -> pl.DataFrame:
    """The rates, and those pairs turned round that are quoted in one direction only."""
    turned = rates.select(base="quote", quote="base", on="on", rate=pl.col("rate").cast(RATE))
    missing = turned.join(rates, on=["base", "quote"], how="anti")
    return pl.concat(
        [
            rates.with_columns(is_inverse=pl.lit(value=False)),
            missing.with_columns(is_inverse=pl.lit(value=True)),
        ]
    )
