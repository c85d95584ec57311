"""Versions of things in one system, beside their copies in a later one."""

import polars as pl

PLACE = ["_transaction", "_key"]
"""Columns that name a thing."""

WORTH = ["value_at_risk", "currency"]

_SHORTER_FIRST = (pl.col("_record").str.len_chars(), "_record")


def latest_versions(versions: pl.DataFrame) -> pl.DataFrame:
    """Each thing at its latest version.

    Args:
        versions: `PLACE` and `WORTH`, `latest` (integer or null), `start` (from when it counts)
            and `changed_at`; one row a version.

    Returns:
        One row a thing, with `latest_start` and `first_start` of its latest and its first version.
    """
    return (
        versions.sort("latest", "start", nulls_last=[False, True], descending=[False, True])
        .group_by(PLACE, maintain_order=True)
        .agg(
            pl.col("latest", *WORTH).last(),
            pl.col("start").last().alias("latest_start"),
            pl.col("start").min().alias("first_start"),
            pl.col("changed_at").max(),
        )
        .sort(PLACE)
    )


def latest_copies(copies: pl.DataFrame) -> pl.DataFrame:
    """Of each thing the copy (`_record`) with the latest `version`."""
    ordered = copies.sort("version", *_SHORTER_FIRST, nulls_last=False)
    return ordered.unique(PLACE, keep="last", maintain_order=True)


def extra_copies(copies: pl.DataFrame) -> pl.DataFrame:
    """The first extra record of each version that there is more than once.

    Args:
        copies: `PLACE`, `_record`, `version` and `born`.

    Returns:
        `PLACE`, `expected` (the first one), `record_id`, `actual` (all that are extra), `since`.
    """
    extra = pl.col("_record").slice(1)
    return (
        copies.sort("born", *_SHORTER_FIRST, nulls_last=True)
        .group_by(*PLACE, "version", maintain_order=True)
        .agg(
            pl.len().alias("copies"),
            pl.col("_record").first().alias("expected"),
            extra.first().alias("record_id"),
            extra.str.join(", ").alias("actual"),
            pl.col("born").slice(1).first().alias("since"),
        )
        .filter(pl.col("copies") > 1)
        .unique(["_transaction", "record_id"], keep="first", maintain_order=True)
        .sort("_transaction", "record_id")
    )


def compare_versions(versions: pl.DataFrame, copies: pl.DataFrame) -> pl.DataFrame:
    """Things whose copy is absent (`is_absent`), ahead (`is_ahead`) or else behind.

    A copy without a version is behind; a thing whose own version is not known is not compared.
    """
    version, latest = pl.col("version"), pl.col("latest")
    differs = version.ne_missing(latest) & latest.is_not_null()
    return (
        versions.join(copies, on=PLACE, how="left", maintain_order="left_right")
        .with_columns(
            pl.col("_record").is_null().alias("is_absent"),
            (version > latest).fill_null(value=False).alias("is_ahead"),
        )
        .filter(pl.col("is_absent") | differs)
    )
