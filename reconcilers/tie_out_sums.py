"""Sums: what the sides of a tie-out come to, in one currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from monitor.core.amounts import money
from monitor.core.ports import MONEY
from reconcilers.money import convert

_PLACE = ["_transaction", "side"]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sides beside the one of record.

    Attributes:
        parts: `PARTS` with `side`, `target` (the currency of the comparison), `is_foreign` and
            `value` (the amount in that currency; null where no rate, or no amount, is known).
        compared: one row for each side of each transaction, without the side of record:
            `_transaction`, `side`, `target`, `changed_at`, `stamped_at`, and for the side
            (`actual`, the nearest that shares allow) and the one of record (`expected`): the
            sum, its sum as bare numbers (`_bare`), whether a rate is lacking (`_unpriced`),
            whether a part is foreign (`_foreign`), the currencies (`_codes`), and how many parts
            there are (`_count`).
    """

    parts: pl.DataFrame
    compared: pl.DataFrame


def sum_sides(
    parts: pl.DataFrame,
    sides: Sequence[str],
    of_record: str,
    rates: pl.DataFrame,
    *,
    currency: str | None,
    empty_is_zero: bool,
) -> Sums:
    """Sum the parts of every side.

    Args:
        parts: `PARTS` with `side`.
        sides: their names.
        of_record: the one that is right.
        rates: exchange rates.
        currency: in which all is compared; None: in that of the side of record.
        empty_is_zero: a side without parts is a sum of 0, else it is not compared.
    """
    valued = convert(_with_target(parts, of_record, currency), rates)
    sums = valued.group_by(_PLACE).agg(
        pl.col("value").sum().cast(MONEY).alias("sum"),
        pl.col("amount").sum().cast(MONEY).alias("bare"),
        (pl.col("value").is_null() & pl.col("amount").is_not_null()).any().alias("unpriced"),
        pl.col("is_foreign").any().alias("foreign"),
        pl.col("currency").unique().drop_nulls().sort().str.join(" ").alias("codes"),
        pl.len().cast(pl.Int64).alias("count"),
        pl.col("changed_at", "stamped_at").max(),
        *_shared(),
    )
    names = valued.select("_transaction", "target").unique()
    if empty_is_zero:
        every = names.select("_transaction").join(pl.DataFrame({"side": sides}), how="cross")
        sums = every.join(sums, on=_PLACE, how="left").with_columns(
            pl.col("sum", "bare", "count", "added", "taken").fill_null(0),
            pl.col("unpriced", "foreign").fill_null(value=False),
            pl.col("codes").fill_null(""),
        )
    expected = sums.filter(pl.col("side") == of_record).drop("side")
    compared = (
        sums.filter(pl.col("side") != of_record)
        .join(expected, on="_transaction", suffix=":expected")
        .join(names, on="_transaction")
        .select(
            *_PLACE,
            "target",
            pl.max_horizontal("changed_at", "changed_at:expected").alias("changed_at"),
            pl.max_horizontal("stamped_at", "stamped_at:expected").alias("stamped_at"),
            actual=pl.col("sum:expected") + _apart(),
            expected="sum:expected",
            **{
                f"{place}_{name}": f"{name}{suffix}"
                for place, suffix in (("actual", ""), ("expected", ":expected"))
                for name in ("bare", "unpriced", "foreign", "codes", "count")
            },
        )
    )
    return Sums(valued, compared)


def _shared() -> tuple[pl.Expr, pl.Expr]:
    """What parts that are shared add to a side at most, and take from it."""
    value = pl.col("value").filter("is_shared")
    added, taken = value.filter(value > 0).sum(), -value.filter(value < 0).sum()
    return added.cast(MONEY).alias("added"), taken.cast(MONEY).alias("taken")


def _apart() -> pl.Expr:
    """How far a side is off by whatever shares it has; 0 where some make it right."""
    whole = pl.col("sum") - pl.col("sum:expected")
    less = whole - pl.col("added") - pl.col("taken:expected")
    more = whole + pl.col("taken") + pl.col("added:expected")
    nothing = money(Decimal(0))
    return (
        pl.when(whole > 0)
        .then(pl.max_horizontal(less, nothing))
        .otherwise(pl.min_horizontal(more, nothing))
    )


def _with_target(parts: pl.DataFrame, of_record: str, currency: str | None) -> pl.DataFrame:
    """The parts with the currency in which their transaction is compared."""
    if currency is not None:
        return parts.with_columns(target=pl.lit(currency))
    owners = pl.col("currency").filter(pl.col("side") == of_record).min()
    target = pl.coalesce(owners, pl.col("currency").min())
    targets = parts.group_by("_transaction").agg(target.alias("target"))
    return parts.join(targets, on="_transaction", how="left")
