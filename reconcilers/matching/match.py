"""The recipe of matching: normalise, weigh what is rare, pair up, compare, decide, group."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from monitor.core.watches import Opinion
from reconcilers.matching.blocking import crowded_keys, keys_of, narrow_down, pair_up
from reconcilers.matching.calibration import (
    Calibration,
    add_rarity,
    common_words,
    count_values,
    expect_duplicates,
)
from reconcilers.matching.clusters import gather
from reconcilers.matching.comparing import PARTS, compare, weigh
from reconcilers.matching.normalise import COMPARED
from reconcilers.matching.profiles import spellings_of, take_profiles

CHUNK: Final = 100_000
"""Pairs that are compared at a time: bounds memory."""

DRIFT: Final = 0.01
"""So large a share of the records may change before all are compared anew."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where a pair is one without asking, and where it is worth asking; evidence in bits."""

    match: float = 0.0
    ask: float = -6.0


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """An estate after it was compared, so that the next look need only compare what changed.

    Attributes:
        members: every record, as in `Profiles`.
        forms: what they say: `COMPARED` and its rarity; what nobody says any more keeps its row.
        keys: by which forms that are said are paired up.
        calibration: by which they are judged.
        thresholds: from where a pair is kept.
        alike: pairs of forms as rows `left` < `right`, with their evidence.
        changed: how many records have changed since the calibration was taken.
    """

    members: pl.DataFrame
    forms: pl.DataFrame
    keys: pl.DataFrame
    calibration: Calibration
    thresholds: Thresholds
    alike: pl.DataFrame
    changed: int = 0

    @property
    def pairs(self) -> pl.DataFrame:
        """Pairs that are, or may be, one.

        Of records that say the same, the first by its id speaks for all: each of the others is
        paired with it, and only it with records that say something else.

        Returns:
            `left` < `right` as ids, the evidence by comparison (`PARTS`) and in all (`weight`),
            ordered by ids.
        """
        spoken = self.members.with_columns(first=pl.col("id").min().over("row"))
        twins = spoken.filter(pl.col("id") != pl.col("first"))
        evidence = self._evidence_of_twins(twins["row"].unique())
        same = twins.join(evidence, on="row").select(
            pl.col("first").alias("left"), pl.col("id").alias("right"), *_EVIDENCE
        )
        firsts = spoken.filter(pl.col("id") == pl.col("first")).select("row", "id")
        apart = self.alike.join(firsts, left_on="left", right_on="row").join(
            firsts, left_on="right", right_on="row", suffix="_other"
        )
        near = apart.select(
            pl.min_horizontal("id", "id_other").alias("left"),
            pl.max_horizontal("id", "id_other").alias("right"),
            *_EVIDENCE,
        )
        return pl.concat([same, near]).sort("left", "right")

    def _evidence_of_twins(self, rows: pl.Series) -> pl.DataFrame:
        with_itself = pl.DataFrame({"left": rows, "right": rows})
        return _compare(with_itself, self.forms, self.calibration, self.thresholds).rename(
            {"left": "row"}
        )


_EVIDENCE: Final = (*PARTS, "weight")


def match(
    records: pl.DataFrame,
    thresholds: Thresholds = Thresholds(),
    calibration: Calibration | None = None,
) -> Matched:
    """Compare a whole estate.

    Args:
        records: `id` (unique texts) and any of the columns of `normalise.TEXTS`.
        thresholds: where a pair is worth asking.
        calibration: an earlier one to judge by; None: taken from these records.
    """
    profiles = take_profiles(records)
    counts = calibration.counts if calibration else count_values(profiles.forms)
    keys = keys_of(profiles.forms, common_words(counts))
    judged_by = calibration or Calibration(profiles.members.height, counts, crowded_keys(keys))
    forms = _prepare(profiles.forms, judged_by)
    used = narrow_down(keys, judged_by.crowded)
    alike = _compare(pair_up(used), forms, judged_by, thresholds)
    if calibration is None:
        judged_by = expect_duplicates(judged_by, alike["weight"], forms.height)
        alike = weigh(alike, judged_by.prior).filter(pl.col("weight") >= thresholds.ask)
    return Matched(profiles.members, forms, used, judged_by, thresholds, alike)


def keep_matched(
    before: Matched | None, records: pl.DataFrame, thresholds: Thresholds = Thresholds()
) -> Matched:
    """The estate as it is now, by the cheapest way that is right.

    What has changed is judged as the rest was. Once that is one record in `1 / DRIFT`, chance may
    have changed too, and everything is compared anew.
    """
    if before is None or before.thresholds != thresholds:
        return match(records, thresholds)
    again = match_again(before, records)
    if again.changed > DRIFT * before.calibration.size:
        return match(records, thresholds)
    return again


def match_again(before: Matched, records: pl.DataFrame) -> Matched:
    """Compare what has changed: what `match` makes of all records by the same calibration.

    Args:
        before: the estate as it was.
        records: all records as they are now.
    """
    kept = before.members.join(spellings_of(records), on=["id", "spelled"], how="semi")
    profiles = take_profiles(records.join(kept, on="id", how="anti"))
    said = kept["row"].unique()
    said_before = before.members["row"].unique()
    gone = said_before.filter(~said_before.is_in(said.implode()))
    rows = _places(profiles.forms, before.forms, said)
    added = profiles.forms.filter(rows >= before.forms.height)
    forms = pl.concat([before.forms, _prepare(added, before.calibration)])
    new_keys = keys_of(added, common_words(before.calibration.counts)).with_columns(
        pl.col("row") + before.forms.height
    )
    keys = pl.concat(
        [_without(before.keys, "row", gone), narrow_down(new_keys, before.calibration.crowded)]
    )
    found = _compare(
        pair_up(keys, before.forms.height), forms, before.calibration, before.thresholds
    )
    alike = pl.concat([_without(_without(before.alike, "left", gone), "right", gone), found])
    members = profiles.members.with_columns(row=rows.gather(profiles.members["row"]))
    return replace(
        before,
        members=pl.concat([kept, members]),
        forms=forms,
        keys=keys,
        alike=alike,
        changed=before.changed + max(members.height, before.members.height - kept.height),
    )


def _prepare(forms: pl.DataFrame, calibration: Calibration) -> pl.DataFrame:
    return add_rarity(forms.select(COMPARED), calibration)


def _places(forms: pl.DataFrame, known: pl.DataFrame, said: pl.Series) -> pl.Series:
    """The row that each of the forms has among those known and still said, or will get."""
    near = known.with_row_index("place").filter(
        pl.col("name").is_in(forms["name"].unique().implode(), nulls_equal=True),
        pl.col("place").is_in(said.implode()),
    )
    placed = forms.join(
        near.select("place", *COMPARED),
        on=COMPARED,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )["place"]
    return placed.fill_null(known.height + placed.is_null().cum_sum() - 1)


def _without(rows: pl.DataFrame, column: str, gone: pl.Series) -> pl.DataFrame:
    return rows.filter(~pl.col(column).is_in(gone.implode()))


def _compare(
    pairs: pl.DataFrame, forms: pl.DataFrame, calibration: Calibration, thresholds: Thresholds
) -> pl.DataFrame:
    """The pairs that are worth asking about, with their evidence."""
    compared = [
        compare(chunk, forms, calibration.prior).filter(pl.col("weight") >= thresholds.ask)
        for chunk in pairs.iter_slices(CHUNK)
    ]
    return pl.concat(compared) if compared else compare(pairs, forms, calibration.prior)


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


def explain(pair: Mapping[str, float]) -> str:
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
