"""The recipe of matching: normalise, weigh what is rare, pair up, compare, decide, group."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import polars as pl

from monitor.core.watches import Opinion
from reconcilers.matching.blocking import count_keys, keys_of, pair_up
from reconcilers.matching.calibration import Calibration, add_rarity, count_values
from reconcilers.matching.clusters import gather
from reconcilers.matching.comparing import PARTS, compare
from reconcilers.matching.normalise import normalise

CHUNK: Final = 500_000
"""Pairs that are compared at a time: bounds memory."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a pair is one without asking, and where it is worth asking; evidence in bits."""

    match: float = 0.0
    ask: float = -6.0


def calibrate(records: pl.DataFrame) -> Calibration:
    """What the estate says of chance; keep it to judge later changes alike."""
    normal = normalise(records)
    return Calibration(normal.height, count_values(normal), count_keys(keys_of(normal)))


def find_pairs(
    records: pl.DataFrame,
    calibration: Calibration,
    thresholds: Thresholds = Thresholds(),
    changed: Collection[str] | None = None,
) -> pl.DataFrame:
    """Pairs that are, or may be, one.

    Args:
        records: `id` (unique texts) and any of the columns of `normalise.TEXTS`.
        calibration: of these records or of those a while ago.
        thresholds: where a pair is worth asking.
        changed: only pairs of which one is among these ids; None: all.

    Returns:
        `left` < `right` as ids, the evidence by comparison (`PARTS`) and in all (`weight`),
        ordered by ids.
    """
    rare = add_rarity(normalise(records), calibration)
    rows = None if changed is None else rare["id"].is_in(list(changed)).arg_true().to_list()
    pairs = pair_up(keys_of(rare), calibration.keys, rows)
    compared = [
        compare(chunk, rare, calibration.prior).filter(pl.col("weight") >= thresholds.ask)
        for chunk in pairs.iter_slices(CHUNK)
    ]
    found = pl.concat(compared) if compared else compare(pairs, rare, calibration.prior)
    return found.with_columns(
        left=rare["id"].gather(found["left"]), right=rare["id"].gather(found["right"])
    )


def update_pairs(
    known: pl.DataFrame,
    records: pl.DataFrame,
    changed: Collection[str],
    calibration: Calibration,
    thresholds: Thresholds = Thresholds(),
) -> pl.DataFrame:
    """The pairs after some records changed, came or went: what `find_pairs` over all would find.

    Args:
        known: pairs found before, by the same calibration and thresholds.
        records: all records as they are now.
        changed: ids that are new, changed or gone.
        calibration: as before.
        thresholds: as before.
    """
    touched = pl.Series(list(changed), dtype=pl.String).implode()
    kept = known.filter(~pl.col("left").is_in(touched), ~pl.col("right").is_in(touched))
    found = find_pairs(records, calibration, thresholds, changed)
    return pl.concat([kept, found]).sort("left", "right")


def group(
    pairs: pl.DataFrame, decisions: pl.DataFrame, thresholds: Thresholds = Thresholds()
) -> list[list[str]]:
    """Groups of records that are one, decisions of people honoured before any evidence."""
    sure = pairs.filter(pl.col("weight") >= thresholds.match).select("weight", "left", "right")
    decided = _ordered(decisions)
    same = decided.filter(pl.col("opinion") == Opinion.SAME.value)
    apart = decided.filter(pl.col("opinion") == Opinion.DIFFERENT.value)
    links = [*sure.iter_rows(), *((float("inf"), *row[:2]) for row in same.iter_rows())]
    return gather(links, set(apart.select("left", "right").iter_rows()))


def candidates(
    pairs: pl.DataFrame, decisions: pl.DataFrame, thresholds: Thresholds = Thresholds()
) -> pl.DataFrame:
    """Pairs that a person should decide, the likeliest first."""
    asked = pairs.filter(pl.col("weight") < thresholds.match)
    return asked.join(_ordered(decisions), on=["left", "right"], how="anti").sort(
        "weight", "left", "right", descending=[True, False, False]
    )


def explain(pair: dict[str, float]) -> str:
    """Which comparisons spoke for and against a pair, the weightiest first, in bits."""
    told = [(part, pair[part]) for part in PARTS if pair[part]]
    told.sort(key=lambda each: -abs(each[1]))
    return ", ".join(f"{part} {weight:+.1f}" for part, weight in told)


def _ordered(decisions: pl.DataFrame) -> pl.DataFrame:
    return decisions.select(
        left=pl.min_horizontal("left", "right"),
        right=pl.max_horizontal("left", "right"),
        opinion="opinion",
    )
