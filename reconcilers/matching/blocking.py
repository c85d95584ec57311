"""Which pairs are worth comparing: those that share some key that few others share.

A key that many share is narrowed by the place, and dropped where even that leaves many: what the
pair has in common besides brings it together by another key. So the number of pairs grows with the
records, never with their square.
"""

from collections.abc import Collection
from typing import Final

import polars as pl

from reconcilers.matching.calibration import words

CROWD: Final = 40
"""So many records may share a key."""


def keys_of(normal: pl.DataFrame) -> pl.DataFrame:
    """Every record's keys: `row`, `key`, and `narrow`, which takes its place where many share it.

    Keys are hashes: two that fall together only bring more pairs to be compared.
    """
    rows = normal.with_row_index("row")
    place = pl.col("city").str.slice(0, 3).fill_null("")
    whole = [
        _key(rows, kind, [pl.col(kind)], place)
        for kind in ("tax", "domain", "phone", "name", "street")
    ]
    said = words(normal).join(rows.select("row", "city", "postcode", "street"), on="row")
    number = pl.col("street").str.extract(r"(\d+)")
    near = [
        _key(said, "city", [pl.col("word"), pl.col("city")], number.fill_null("")),
        _key(said, "postcode", [pl.col("word"), pl.col("postcode")], number.fill_null("")),
    ]
    return pl.concat([*whole, *near])


def _key(rows: pl.DataFrame, kind: str, parts: list[pl.Expr], place: pl.Expr) -> pl.DataFrame:
    text = pl.concat_str([pl.lit(kind), *parts], separator="\x1f")
    return rows.select(
        "row", key=text.hash(), narrow=pl.concat_str([text, place], separator="\x1f").hash(1)
    ).filter(pl.all_horizontal(rows.select(parts).select(pl.all().is_not_null())))


def count_keys(keys: pl.DataFrame) -> pl.DataFrame:
    """How many records share each key or narrow key, of those that are crowded."""
    either = [keys[name].alias("key").to_frame() for name in ("key", "narrow")]
    return pl.concat(
        [
            each.group_by("key").agg(count=pl.len()).filter(pl.col("count") > CROWD)
            for each in either
        ]
    )


def pair_up(
    keys: pl.DataFrame, crowded: pl.DataFrame, changed: Collection[int] | None = None
) -> pl.DataFrame:
    """Pairs of rows that share a key: `left` < `right`, each once.

    Args:
        keys: as `keys_of` gives them.
        crowded: keys that too many share, by the calibration.
        changed: only pairs of which one is among these rows; None: all.
    """
    used = (
        keys.join(crowded.select("key", crowded=pl.lit(value=True)), on="key", how="left")
        .select("row", key=pl.when(pl.col("crowded")).then("narrow").otherwise("key"))
        .join(crowded, on="key", how="anti")
        .unique()
    )
    first = used
    if changed is not None:
        first = used.filter(pl.col("row").is_in(pl.Series(changed, dtype=pl.UInt32).implode()))
    else:
        used = used.filter(pl.len().over("key") > 1)
        first = used
    joined = first.lazy().join(used.lazy(), on="key", suffix="_other")
    if changed is None:
        joined = joined.filter(pl.col("row") < pl.col("row_other"))
    else:
        joined = joined.filter(pl.col("row") != pl.col("row_other"))
    return (
        joined.select(
            left=pl.min_horizontal("row", "row_other"), right=pl.max_horizontal("row", "row_other")
        )
        .unique()
        .sort("left", "right")
        .collect()
    )
