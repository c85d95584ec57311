"""Reasons: in what way the sides of a tie-out differ, and what would make up for it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from monitor.core.amounts import money
from monitor.core.breaks import Classification
from monitor.core.ports import MONEY
from reconcilers.money import classify, convert
from reconcilers.reporter import as_text
from reconcilers.tie_out_sums import Sums

MOST_PARTS = 12
"""In a side of more parts than this no pair is looked for, for some two of many fit by chance; nor
are more absent instalments believed."""

_PLACE = ["_transaction", "side"]
_TOLD = pl.Schema({"_transaction": pl.String(), "side": pl.String(), "told": pl.String()})


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far sums may be apart.

    Attributes:
        tolerance: they are equal.
        residual: rounding explains it, for each part.
    """

    tolerance: Decimal
    residual: Decimal

    @property
    def is_equal(self) -> pl.Expr:
        """Whether the columns `expected` and `actual` tie out."""
        return (pl.col("actual") - pl.col("expected")).abs() <= money(self.tolerance)

    @property
    def rounding(self) -> pl.Expr:
        """The most that rounding leaves over."""
        return money(self.residual) * pl.col("parts")


def explain(
    sums: Sums, of_record: str, allowance: Allowance, rates: pl.DataFrame, today: date
) -> pl.DataFrame:
    """The sides that do not tie out, and why.

    Args:
        sums: what the sides come to.
        of_record: the side that is right.
        allowance: how far they may be apart.
        rates: exchange rates.
        today: the last day whose rate may explain a difference.

    Returns:
        What `Reporter.report` takes of each: `_transaction`, `expected`, `actual`, `since`,
        `value_at_risk`, `currency`, `classification`; and its `side` and `stamped_at`.
    """
    unpriced = pl.col("actual_unpriced") | pl.col("expected_unpriced")
    differing = sums.compared.filter(unpriced | ~allowance.is_equal).with_columns(
        unpriced.alias("unpriced"),
        foreign=pl.col("actual_foreign") | pl.col("expected_foreign"),
        parts=pl.col("actual_count") + pl.col("expected_count"),
    )
    if differing.is_empty():
        return _written(differing.with_columns(_no("told"), _no("classification")), sums, of_record)
    bare = (pl.col("actual_bare") - pl.col("expected_bare")).abs()
    in_others = pl.col("foreign") & (pl.col("actual_codes") != pl.col("expected_codes"))
    equal_numbers = in_others & (bare <= money(allowance.tolerance))
    plain = classify(pl.col("expected"), pl.col("actual"), allowance.rounding)
    sorted_out = differing.with_columns(
        pl.when(pl.col("unpriced") | equal_numbers)
        .then(pl.lit(Classification.CURRENCY.value))
        .otherwise(plain)
        .alias("classification")
    )
    told = pl.concat(
        [
            _by_exchange(_unexplained(sorted_out), sums, of_record, allowance, rates, today),
            _by_absence(_unexplained(sorted_out), sums, allowance),
        ]
    ).unique(_PLACE, keep="first", maintain_order=True)
    explained = sorted_out.join(told, on=_PLACE, how="left").with_columns(
        pl.coalesce("reason", "classification").alias("classification")
    )
    return _written(explained, sums, of_record)


def _unexplained(sorted_out: pl.DataFrame) -> pl.DataFrame:
    plain = [Classification.OVER.value, Classification.UNDER.value]
    return sorted_out.filter(pl.col("classification").is_in(plain))


def _written(explained: pl.DataFrame, sums: Sums, of_record: str) -> pl.DataFrame:
    """Both sums as people read them, and what is at risk."""
    is_unknown = pl.col("classification") == Classification.CURRENCY.value
    doubtful = explained.filter(is_unknown).select("_transaction").unique()
    texts = _by_currency(sums.parts.join(doubtful, on="_transaction", how="semi"))
    owners = texts.filter(pl.col("side") == of_record).select("_transaction", owner_text="text")
    whole = explained.join(texts, on=_PLACE, how="left").join(owners, on="_transaction", how="left")
    actual = pl.concat_str(as_text(whole, "actual"), "told", ignore_nulls=True)
    return whole.sort(_PLACE).select(
        *_PLACE,
        "classification",
        expected=pl.when(is_unknown).then("owner_text").otherwise(as_text(whole, "expected")),
        actual=pl.when(is_unknown).then("text").otherwise(actual),
        since="changed_at",
        stamped_at="stamped_at",
        value_at_risk=pl.when(~is_unknown).then((pl.col("actual") - pl.col("expected")).abs()),
        currency="target",
    )


def _by_currency(parts: pl.DataFrame) -> pl.DataFrame:
    """What each side says, currency by currency, as `text`: `100 EUR + 20 USD`."""
    sums = (
        parts.group_by(*_PLACE, "currency")
        .agg(pl.col("amount").sum().cast(MONEY))
        .sort(*_PLACE, "currency")
    )
    each = pl.concat_str(as_text(sums, "amount"), "currency", separator=" ", ignore_nulls=True)
    return sums.group_by(_PLACE).agg(each.str.join(" + ").alias("text"))


def _by_exchange(
    differing: pl.DataFrame,
    sums: Sums,
    of_record: str,
    allowance: Allowance,
    rates: pl.DataFrame,
    today: date,
) -> pl.DataFrame:
    """Differences that vanish at the rates of one other day: one of the transaction's, or today."""
    foreign = differing.filter("foreign")
    if foreign.is_empty():
        return _nothing()
    parts = sums.parts.join(foreign, on="_transaction", how="semi").drop("is_foreign", "value")
    days = pl.concat(
        [
            parts.select("_transaction", day="on"),
            foreign.select("_transaction", day=pl.lit(today)),
        ]
    )
    dated = parts.drop("on").join(days.drop_nulls().unique(), on="_transaction")
    restated = (
        convert(dated.with_columns(on="day"), rates)
        .group_by(*_PLACE, "day")
        .agg(pl.col("value").sum().cast(MONEY), pl.col("value").is_null().any().alias("unpriced"))
        .filter(~pl.col("unpriced"))
    )
    owners = restated.filter(pl.col("side") == of_record).select(
        "_transaction", "day", owner_value="value"
    )
    apart = pl.col("actual") - pl.col("expected")
    at_most = pl.max_horizontal(allowance.rounding, money(allowance.tolerance))
    tied = (
        foreign.join(restated, on=_PLACE)
        .join(owners, on=["_transaction", "day"])
        .filter((pl.col("value") - pl.col("owner_value")).abs() <= at_most)
        .sort(*_PLACE, "day")
        .unique(_PLACE, keep="first", maintain_order=True)
        .with_columns(
            gained=apart.abs(),
            word=pl.when(apart > 0).then(pl.lit("gain")).otherwise(pl.lit("loss")),
        )
    )
    text = pl.format(
        ", a {} of {}: it ties out at the rates of {}",
        "word",
        as_text(tied, "gained"),
        as_text(tied, "day"),
    )
    return _explained(tied.with_columns(text.alias("told")), Classification.EXCHANGE)


def _by_absence(differing: pl.DataFrame, sums: Sums, allowance: Allowance) -> pl.DataFrame:
    """Differences that are exactly what some parts come to."""
    lacking = pl.col("expected") - pl.col("actual")
    cases = differing.select(*_PLACE, lacking.alias("lacking")).with_row_index("case")
    parts = (
        sums.parts.join(cases, on="_transaction", how="semi")
        .filter(pl.col("value").is_not_null() & (pl.col("value") != 0))
        .select("_transaction", "part", "value", "on", other="side")
        .sort(
            "_transaction",
            "other",
            "on",
            pl.col("part").str.len_chars(),
            "part",
            "value",
            nulls_last=True,
        )
    )
    joined = cases.join(parts, on="_transaction", maintain_order="left_right")
    is_own = pl.col("other") == pl.col("side")
    # The rows of one side in one case lie together.
    candidates = joined.filter(~is_own).with_columns(group=pl.struct("case", "other").rle_id())
    tolerance = money(allowance.tolerance)
    ways = [
        _single(candidates, tolerance),
        _pair(candidates, tolerance),
        _tail(candidates, tolerance),
        _instalments(joined.filter(is_own), allowance),
    ]
    return pl.concat(_explained(way, Classification.MISSING_PART) for way in ways)


def _single(candidates: pl.DataFrame, tolerance: pl.Expr) -> pl.DataFrame:
    return candidates.filter((pl.col("value") - pl.col("lacking")).abs() <= tolerance).with_columns(
        told=pl.format(" without {}", "part")
    )


def _pair(candidates: pl.DataFrame, tolerance: pl.Expr) -> pl.DataFrame:
    few = candidates.filter(pl.len().over("group").is_between(2, MOST_PARTS)).with_row_index("at")
    seconds = few.select("group", second="part", second_value="value", second_at="at")
    return (
        few.join(seconds, on="group", maintain_order="left_right")
        .filter(
            (pl.col("at") < pl.col("second_at"))
            & ((pl.col("value") + pl.col("second_value") - pl.col("lacking")).abs() <= tolerance)
        )
        .with_columns(told=pl.format(" without {} and {}", "part", "second"))
    )


def _tail(candidates: pl.DataFrame, tolerance: pl.Expr) -> pl.DataFrame:
    """The last parts of a side are missing: everything after some part."""
    value = pl.col("value")
    rest = (value.sum().over("group") - value.cum_sum().over("group")).cast(MONEY)
    return (
        candidates.with_columns(rest.alias("rest"))
        .filter((pl.col("rest") != 0) & ((pl.col("rest") - pl.col("lacking")).abs() <= tolerance))
        .with_columns(told=pl.format(" without what follows {}", "part"))
    )


def _instalments(own: pl.DataFrame, allowance: Allowance) -> pl.DataFrame:
    """A side of equal parts lacks one or several more of them."""
    residual = money(allowance.residual)
    value, count = pl.col("value"), pl.col("absent").cast(MONEY)
    ratio = pl.col("lacking").cast(pl.Float64) / pl.col("most").cast(pl.Float64)
    even = (
        own.group_by("case", *_PLACE, "lacking")
        .agg(value.max().alias("most"), value.min().alias("least"), pl.len().alias("there"))
        .filter((pl.col("there") > 1) & (pl.col("most") - pl.col("least") <= residual))
        .with_columns(absent=ratio.round().cast(pl.Int64, strict=False))
        .filter(pl.col("absent").is_between(1, MOST_PARTS))
    )
    left = (pl.col("lacking") - pl.col("most") * count).abs()
    return even.filter(left <= residual * (count + 1)).with_columns(
        told=pl.format(" without {} of {}", "absent", as_text(even, "most"))
    )


def _explained(rows: pl.DataFrame, reason: Classification) -> pl.DataFrame:
    return rows.select(*_PLACE, "told", reason=pl.lit(reason.value)).unique(
        _PLACE, keep="first", maintain_order=True
    )


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={**_TOLD, "reason": pl.String()})


def _no(name: str) -> pl.Expr:
    return pl.lit(None, pl.String).alias(name)
