"""How rare each value is in an estate: what agreement about it is worth.

Two strangers who agree about a common word prove nothing, and the more records there are, the more
strangers agree by chance. A calibration is taken from a whole estate and then kept: pairs that are
judged by the same calibration are judged alike, whoever was compared first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log2
from typing import Final

import polars as pl

from reconcilers.matching.normalise import TEXTS

RARE: Final = 2
"""What no more records have is as rare as can be: both of a pair have it."""

COMMON: Final = 2_000
"""A word of names that more records have is that of a trade: beside a town it says nothing."""

MOST_DUPLICATES: Final = 2.0
LEAST_DUPLICATES: Final = 1 / 64
"""How many duplicates a record may have on average, whatever the estate seems to say."""

LENIENCE: Final = 4.0
"""Bits by which the evidence against a pair is overrated: what differs comes together, as when
somebody moves or marries. Taken from sets with labels."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What an estate says of chance.

    Attributes:
        size: number of records.
        counts: by column, how many records have a value: `value`, `count`. `word` stands for the
            words of names. What at most `RARE` have is left out.
        crowded: blocking keys that too many share, as `blocking.crowded_keys` finds them.
        duplicates: how many duplicates a record has on average that say something else.
    """

    size: int
    counts: Mapping[str, pl.DataFrame]
    crowded: pl.DataFrame
    duplicates: float = MOST_DUPLICATES

    @property
    def prior(self) -> float:
        """Evidence in bits for two records being one before they are compared."""
        return log2(self.duplicates) - log2(max(self.size, 2)) + LENIENCE


def expect_duplicates(calibration: Calibration, weights: pl.Series, forms: int) -> Calibration:
    """The calibration with as many duplicates as the evidence itself lets expect.

    An estate that was never tended has many, and there less evidence is enough. Found by the step
    of expectation maximisation that Fellegi and Sunter's scheme has for it: the sum of what is
    likely, until it stays.

    Args:
        calibration: by which the pairs were weighed.
        weights: evidence of each pair that may be one.
        forms: among how many.
    """
    expected = calibration.duplicates
    for _ in range(12):
        shift = log2(expected / calibration.duplicates)
        likely = (1 / (1 + 2.0 ** -(weights + shift))).sum() / max(forms, 1)
        expected = min(max(float(likely), LEAST_DUPLICATES), MOST_DUPLICATES)
    return replace(calibration, duplicates=expected)


def count_values(forms: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """How many records have each value, by column; `copies` of them say what a form says."""
    counts = {name: _counts(forms.select("copies", value=name)) for name in TEXTS}
    said = words(forms)
    counts["word"] = _counts(
        said.select(value="word").with_columns(copies=forms["copies"].gather(said["row"]))
    )
    return counts


def common_words(counts: Mapping[str, pl.DataFrame]) -> pl.Series:
    """The words that more than `COMMON` records have."""
    return counts["word"].filter(pl.col("count") > COMMON)["value"]


def words(forms: pl.DataFrame) -> pl.DataFrame:
    """The words of each name: `row`, `word`, each once and in order."""
    said = forms.lazy().select(row=pl.int_range(pl.len(), dtype=pl.UInt32), word="name")
    every = said.drop_nulls().with_columns(pl.col("word").str.split(" ")).explode("word")
    # A name in normal form has its words by the alphabet.
    again = (pl.col("row") == pl.col("row").shift()) & (pl.col("word") == pl.col("word").shift())
    return every.filter(again.fill_null(value=False).not_()).collect()


def add_rarity(forms: pl.DataFrame, calibration: Calibration) -> pl.DataFrame:
    """The forms with how much chance agreement about each value would tell, in bits.

    Returns:
        The frame with `rare_<column>` for each of `TEXTS`; that of a name is the sum over its
        words, at most as much as one in four times the estate.
    """
    size = max(calibration.size, 2)
    most = log2(size) + 2
    rare = forms
    for name in TEXTS:
        if name != "name":
            rare = rare.with_columns(_rarity(rare[name], calibration.counts[name], size, name))
    said = words(forms)
    said = said.with_columns(_rarity(said["word"], calibration.counts["word"], size, "word"))
    sums = said.group_by("row", maintain_order=True).agg(rare_name=pl.col("rare_word").sum())
    return (
        rare.with_row_index("row")
        .join(sums, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("rare_name").clip(0, most).fill_null(0.0))
        .drop("row")
    )


def _counts(values: pl.DataFrame) -> pl.DataFrame:
    counted = values.lazy().drop_nulls().group_by("value").agg(count=pl.col("copies").sum())
    return counted.filter(pl.col("count") > RARE).collect()


def _rarity(values: pl.Series, counts: pl.DataFrame, size: int, name: str) -> pl.Series:
    seen = (
        values.alias("value").to_frame().join(counts, on="value", how="left", maintain_order="left")
    )
    bits = (size / pl.col("count").fill_null(RARE)).log(2).clip(0)
    return seen.select(bits.alias(f"rare_{name}")).to_series()
