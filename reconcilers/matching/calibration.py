"""How rare each value is in an estate: what agreement about it is worth.

Two strangers who agree about a common word prove nothing, and the more records there are, the more
strangers agree by chance. A calibration is taken from a whole estate and then kept: pairs that are
judged by the same calibration are judged alike, whoever was compared first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log2
from typing import Final

import polars as pl

from reconcilers.matching.normalise import TEXTS

DUPLICATES_A_RECORD: Final = 0.5
"""How many duplicates a record may have before anything is known of it."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What an estate says of chance.

    Attributes:
        size: number of records.
        counts: by column, how many records have a value: `value`, `count`. `word` stands for the
            words of names.
        keys: how many records share a blocking key, of keys that more than one has: `key`,
            `count`.
    """

    size: int
    counts: Mapping[str, pl.DataFrame]
    keys: pl.DataFrame = field(compare=False)

    @property
    def prior(self) -> float:
        """Evidence in bits for two records being one before they are compared."""
        return log2(DUPLICATES_A_RECORD) - log2(max(self.size, 2))


def count_values(normal: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """How many records have each value, by column."""
    counts = {name: _counts(normal[name].alias("value")) for name in TEXTS}
    counts["word"] = _counts(words(normal)["word"].alias("value"))
    return counts


def words(normal: pl.DataFrame) -> pl.DataFrame:
    """The words of each record's name: `row`, `word`, each once."""
    return (
        normal.select(row=pl.int_range(pl.len(), dtype=pl.UInt32), word=pl.col("name"))
        .with_columns(pl.col("word").str.split(" "))
        .explode("word")
        .drop_nulls()
        .unique()
    )


def add_rarity(normal: pl.DataFrame, calibration: Calibration) -> pl.DataFrame:
    """The records with how much chance agreement about each value would tell, in bits.

    Returns:
        The frame with `rare_<column>` for each of `TEXTS`; that of a name is the sum over its
        words, at most as much as one in four times the estate.
    """
    size = max(calibration.size, 2)
    most = log2(size) + 2
    rare = normal
    for name in TEXTS:
        if name != "name":
            rare = rare.with_columns(_rarity(rare[name], calibration.counts[name], size, name))
    said = words(normal)
    said = said.with_columns(_rarity(said["word"], calibration.counts["word"], size, "word"))
    sums = said.group_by("row").agg(rare_name=pl.col("rare_word").sum())
    return (
        rare.with_row_index("row")
        .join(sums, on="row", how="left", maintain_order="left")
        .with_columns(pl.col("rare_name").clip(0, most).fill_null(0.0))
        .drop("row")
    )


def _counts(values: pl.Series) -> pl.DataFrame:
    return values.to_frame().drop_nulls().group_by("value").agg(count=pl.len())


def _rarity(values: pl.Series, counts: pl.DataFrame, size: int, name: str) -> pl.Series:
    seen = (
        values.alias("value").to_frame().join(counts, on="value", how="left", maintain_order="left")
    )
    bits = (size / pl.col("count").fill_null(1).clip(2)).log(2).clip(0)
    return seen.select(bits.alias(f"rare_{name}")).to_series()
