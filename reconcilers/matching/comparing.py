"""What each comparison of a pair tells, in bits, for or against its being one.

The scheme of Fellegi and Sunter (1969): agreement weighs as much as it is unlikely by chance, and
disagreement as much as it is unlikely between records of one thing. How unlikely chance is, is
taken from the estate; how often records of one thing disagree, is not known there, and stands
below as what people do to such records.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Final

import polars as pl
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

SLIP: Final = 5.0
"""Bits that a slip of the finger takes from an identifier: so many others are as near."""

WEEK, MONTH = 7, 31
"""Days by which the start of one project may have been moved, and by which it was not."""

PARTS: Final = (
    "name", "legal", "street", "postcode", "city", "tax", "phone", "customer", "start",
)  # fmt: skip
"""The comparisons; that of the name speaks for the domain too."""


def compare(pairs: pl.DataFrame, forms: pl.DataFrame, prior: float) -> pl.DataFrame:
    """The evidence of each pair, in bits, whole and by comparison.

    Args:
        pairs: `left`, `right`: rows of `forms`.
        forms: what records say in normal form, with the rarity of each value.
        prior: evidence before anything is compared.

    Returns:
        The pairs with one column for each of `PARTS` and their sum with the prior as `weight`.
    """
    sides = pairs.with_columns(
        *(forms[name].gather(pairs["left"]).alias(f"{name}_l") for name in forms.columns),
        *(forms[name].gather(pairs["right"]).alias(f"{name}_r") for name in forms.columns),
    )
    alike = sides.with_columns(
        name_like=_likeness(sides, "name", _alike_names),
        street_like=_likeness(sides, "street", _letters),
        city_like=_likeness(sides, "city", _alike_towns),
        postcode_like=_likeness(sides, "postcode", _alike_numbers),
        tax_like=_likeness(sides, "tax", _alike_numbers),
        phone_like=_likeness(sides, "phone", _alike_numbers),
        customer_like=_likeness(sides, "customer", _alike_names),
    ).with_columns(
        # Streets of one name are many; it is the house that two records share or do not.
        street_like=pl.when((_house("street_l") != _house("street_r")).fill_null(value=False))
        .then(pl.min_horizontal("street_like", 84.0))
        .otherwise("street_like")
    )
    parts = alike.select("left", "right", *(_PART[part].alias(part) for part in PARTS))
    return weigh(parts, prior)


def weigh(pairs: pl.DataFrame, prior: float) -> pl.DataFrame:
    """The pairs with the whole evidence of each as `weight`."""
    return pairs.with_columns(weight=pl.sum_horizontal(PARTS) + prior)


Likeness = Callable[[pl.Series, pl.Series], pl.Series]
"""How much alike two columns of texts are that differ, from 0 to 100."""


def _likeness(sides: pl.DataFrame, name: str, compare_texts: Likeness) -> pl.Series:
    """From 0 to 100, null where a side is not known; only what differs is compared by letters."""
    left, right = sides[f"{name}_l"], sides[f"{name}_r"]
    differs = (left != right).fill_null(value=False)
    scores = compare_texts(left.filter(differs), right.filter(differs))
    same = pl.select(pl.when(left.is_not_null() & right.is_not_null()).then(100.0)).to_series()
    return same.scatter(differs.arg_true(), scores)


def _by_letters(scorer: Callable[[str, str], float]) -> Likeness:
    def compare_texts(left: pl.Series, right: pl.Series) -> pl.Series:
        scores = list(map(scorer, left.to_list(), right.to_list()))
        return pl.Series(scores, dtype=pl.Float64)

    return compare_texts


_letters: Final = _by_letters(fuzz.ratio)
_words: Final = _by_letters(fuzz.token_set_ratio)
_beginnings: Final = _by_letters(JaroWinkler.similarity)
_slips: Final = _by_letters(partial(OSA.distance, score_cutoff=1))


def _alike_names(left: pl.Series, right: pl.Series) -> pl.Series:
    """A word more, or one mistyped so that the order changes, is alike and never the same.

    Numbers are told apart: the second phase is not the first, nor one customer number another.
    """
    alike = pl.select(
        pl.max_horizontal(_letters(left, right), _words(left, right).clip(upper_bound=85.0))
    ).to_series()
    numbered = left.str.contains(r"\d") | right.str.contains(r"\d")
    others = _numbers(left.filter(numbered)) != _numbers(right.filter(numbered))
    return alike.scatter(numbered.arg_true().filter(others), 0.0)


def _numbers(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(r"\D+", " ")


def _alike_numbers(left: pl.Series, right: pl.Series) -> pl.Series:
    """Nearly the same where one character is wrong, too many, missing or two are exchanged."""
    return (_slips(left, right) == 1).cast(pl.Float64) * 90.0


def _alike_towns(left: pl.Series, right: pl.Series) -> pl.Series:
    # What Jaro and Winkler count may depend on which of the two comes first.
    in_order = pl.select(one=pl.min_horizontal(left, right), other=pl.max_horizontal(left, right))
    return _beginnings(in_order["one"], in_order["other"]) * 100.0


def _house(street: str) -> pl.Expr:
    return pl.col(street).str.extract(r"(\d+)")


def _rare(name: str) -> pl.Expr:
    return pl.min_horizontal(f"rare_{name}_l", f"rare_{name}_r")


def _steps(like: str, *steps: tuple[float, pl.Expr | float]) -> pl.Expr:
    """The first step whose bar the likeness reaches; nothing where a side is not known."""
    step = pl.when(pl.col(like).is_null()).then(0.0).when(pl.col(like) >= steps[0][0])
    for (_, weight), (bar, _) in pairwise(steps):
        step = step.then(weight).when(pl.col(like) >= bar)
    return step.then(steps[-1][1])


_NAME: Final = _steps(
    "name_like",
    (97, _rare("name")),
    (90, _rare("name") * 0.85),
    (82, _rare("name") * 0.6),
    (72, _rare("name") * 0.3),
    (60, -3.0),
    (0, -5.5),
)
_SAME_DOMAIN: Final = pl.col("domain_l") == pl.col("domain_r")
_IDENTITY: Final = (
    pl.when(_SAME_DOMAIN)
    # A domain is mostly made of the name: together they tell little more than the better one.
    .then(pl.max_horizontal(_NAME, _rare("domain") - 2) + 1.5)
    .when((pl.col("domain_l") != pl.col("domain_r")).fill_null(value=False))
    .then(_NAME - 5)
    .otherwise(_NAME)
)
_APART: Final = (
    (
        pl.col("start_l").str.to_date("%Y-%m-%d", strict=False)
        - pl.col("start_r").str.to_date("%Y-%m-%d", strict=False)
    )
    .dt.total_days()
    .abs()
)
_PART: Final = {
    "name": _IDENTITY,
    "legal": pl.when(pl.col("legal_l") == pl.col("legal_r"))
    .then(1.0)
    .when(pl.col("legal_l") != pl.col("legal_r"))
    .then(-4.0)
    .otherwise(0.0),
    "street": _steps(
        "street_like",
        (96, _rare("street")),
        (85, _rare("street") * 0.8),
        (70, 0.0),
        (0, -3.0),
    ),
    "postcode": _steps("postcode_like", (100, _rare("postcode") * 0.7), (90, 1.0), (0, -2.0)),
    "city": _steps("city_like", (99, _rare("city") * 0.8), (90, _rare("city") * 0.6), (0, -5.0)),
    "tax": _steps("tax_like", (100, _rare("tax") + 2), (90, _rare("tax") - SLIP), (0, -7.0)),
    "customer": _steps(
        "customer_like", (97, _rare("customer")), (85, _rare("customer") * 0.8), (0, -6.0)
    ),
    # Work that comes back every year has one name and one customer.
    "start": pl.when(_APART == 0)
    .then(_rare("start"))
    .when(_APART <= WEEK)
    .then(_rare("start") * 0.5)
    .when(_APART > MONTH)
    .then(-12.0)
    .otherwise(0.0),
    "phone": _steps("phone_like", (100, _rare("phone")), (90, _rare("phone") - SLIP), (0, -2.0)),
}
