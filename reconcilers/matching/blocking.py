"""Which pairs are worth comparing: those that share some key that few others share.

A key that many share is narrowed by the place, and dropped where even that leaves many: what the
pair has in common besides brings it together by another key. So the number of pairs grows with the
records, never with their square.
"""

from typing import Final

import polars as pl

from reconcilers.matching.calibration import words

CROWD: Final = 40
"""So many may share a key."""


def keys_of(forms: pl.DataFrame, common: pl.Series) -> pl.DataFrame:
    """Every row's keys: `row`, `key`, and the `place` that narrows it down.

    Keys are hashes: two that fall together only bring more pairs to be compared.

    Args:
        forms: what records say in normal form.
        common: words that make a key only together with the number of the house.
    """
    hashed = forms.with_row_index("row").select(
        "row",
        *(
            pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash(seed)).alias(name)
            for seed, name in enumerate(_WHOLE + _WITH_WORDS)
        ),
        town=pl.col("city").str.slice(0, 3).hash(),
        house=pl.col("street").str.extract(r"(\d+)").hash(),
        month=pl.col("start").str.slice(0, 7).hash(),
    )
    said = words(forms)
    by_word = (
        hashed[said["row"]]
        .with_columns(said["word"])
        .select(
            pl.col("row", "house", "month"),
            *(pl.col(name) ^ pl.col("word").hash() for name in _WITH_WORDS),
            number=pl.when(pl.col("word").is_in(common.implode())).then("house").otherwise(0),
        )
    )
    by_word = by_word.with_columns(pl.col("city", "postcode") ^ pl.col("number"))
    return pl.concat(
        [
            *(_keys(hashed, name, "town") for name in _WHOLE),
            *(_keys(by_word, name, "house") for name in ("city", "postcode")),
            _keys(by_word, "customer", "month"),
        ]
    )


_WHOLE: Final = ("tax", "domain", "phone", "name", "street")
"""What makes a key by itself."""
_WITH_WORDS: Final = ("city", "postcode", "customer")
"""What makes a key with each word of the name."""


def _keys(hashed: pl.DataFrame, name: str, place: str) -> pl.DataFrame:
    return hashed.select("row", key=name, place=place).filter(pl.col("key").is_not_null())


def crowded_keys(keys: pl.DataFrame) -> pl.DataFrame:
    """Those that more than `CROWD` share, narrowed down or not: `key`."""
    crowded = _shared(keys, CROWD)
    narrow = keys.join(crowded, on="key", how="semi").select(key=_narrow())
    return pl.concat([crowded, _shared(narrow, CROWD)])


def narrow_down(keys: pl.DataFrame, crowded: pl.DataFrame) -> pl.DataFrame:
    """The keys to pair by: `row`, `key`.

    Args:
        keys: as `keys_of` gives them.
        crowded: keys that too many share, as `crowded_keys` gives them.
    """
    apart = keys.join(crowded, on="key", how="anti").select("row", "key")
    among = keys.join(crowded, on="key", how="semi").select("row", key=_narrow())
    return pl.concat([apart, among.join(crowded, on="key", how="anti").unique()])


def pair_up(keys: pl.DataFrame, first_new: int = 0) -> pl.DataFrame:
    """Pairs of rows that share a key: `left` < `right`, each once.

    Args:
        keys: as `narrow_down` gives them.
        first_new: only pairs of which one is this row or a later one.
    """
    if first_new:
        new = keys.filter(pl.col("row") >= first_new)
        keys = keys.join(new, on="key", how="semi")
    shared = keys.join(_shared(keys, 1), on="key", how="semi").lazy()
    joined = shared.join(shared, on="key", suffix="_other")
    return (
        joined.filter(pl.col("row") < pl.col("row_other"), pl.col("row_other") >= first_new)
        .select(left="row", right="row_other")
        .unique()
        .sort("left", "right")
        .collect()
    )


def _shared(keys: pl.DataFrame, bound: int) -> pl.DataFrame:
    """The keys that more than so many share."""
    counted = keys.lazy().group_by("key").agg(count=pl.len()).filter(pl.col("count") > bound)
    return counted.select("key").collect(engine="streaming")


def _narrow() -> pl.Expr:
    return pl.struct("key", "place").hash(1)
