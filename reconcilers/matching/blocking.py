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


def keys_of(forms: pl.DataFrame) -> pl.DataFrame:
    """Every row's keys: `row`, `key`, and the `place` that narrows it down.

    Keys are hashes: two that fall together only bring more pairs to be compared.
    """
    town = pl.col("city").str.slice(0, 3)
    house = pl.col("street").str.extract(r"(\d+)")
    month = pl.col("start").str.slice(0, 7)
    rows = forms.with_row_index("row").with_columns(
        town=town.hash(), house=house.hash(), month=month.hash()
    )
    known = rows.select("row", "city", "postcode", "customer", "house", "month")
    said = words(forms).join(known, on="row")
    return pl.concat(
        [
            *(_keys(rows, [kind], "town") for kind in ("tax", "domain", "phone", "name", "street")),
            *(_keys(said, ["word", kind], "house") for kind in ("city", "postcode")),
            _keys(said, ["word", "customer"], "month"),
        ]
    )


def _keys(rows: pl.DataFrame, parts: list[str], place: str) -> pl.DataFrame:
    text = pl.concat_str([pl.lit(parts[-1]), *parts], separator="\x1f")
    known = rows.lazy().filter(pl.all_horizontal(pl.col(parts).is_not_null()))
    return known.select("row", key=text.hash(), place=pl.col(place)).collect()


def crowded_keys(keys: pl.DataFrame) -> pl.DataFrame:
    """Those that more than `CROWD` share, narrowed down or not: `key`."""
    crowded = _shared(keys, CROWD)
    narrow = keys.lazy().join(crowded.lazy(), on="key", how="semi").select(key=_narrow()).collect()
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
    new = keys.filter(pl.col("row") >= first_new)
    met = keys.lazy().join(new.lazy(), on="key", how="semi") if first_new else keys.lazy()
    shared = met.join(_shared(met.collect(), 1).lazy(), on="key", how="semi")
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
    return keys.group_by("key").agg(count=pl.len()).filter(pl.col("count") > bound).select("key")


def _narrow() -> pl.Expr:
    return pl.struct("key", "place").hash(1)
