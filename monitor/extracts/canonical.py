"""Rows of an extract as the frames that rules look at."""

from collections.abc import Collection, Iterable
from datetime import datetime

import polars as pl

from monitor.core.ports import INSTANT
from monitor.extracts.placing import HASH, TRANSACTION
from monitor.extracts.tables import Table

MISFITS = "_misfits"

KEY = "_key:"
"""Before the kind of a key, in the name of a column with the key of each row."""


def with_canonical(placed: pl.LazyFrame, table: Table, names: Collection[str]) -> pl.LazyFrame:
    """Placed rows with these canonical fields, `_modified_at` and `_key:kind` among them."""
    return placed.select(
        HASH,
        *(_canonical(table, name).alias(name) for name in sorted(names)),
    )


def _canonical(table: Table, name: str) -> pl.Expr:
    if name == "_modified_at":
        return table.columns.modified_at()
    if name.startswith(KEY):
        kind = name.removeprefix(KEY)
        single = table.columns.single_key(kind)
        return single if single is not None else table.columns.keys(kind).list.first()
    return table.columns.field(name)


def meeting(condition: pl.Expr, placed: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """Placed rows that meet a condition over canonical fields."""
    return placed.with_columns(
        _canonical(table, name).alias(name) for name in sorted(set(condition.meta.root_names()))
    ).filter(condition)


def load_frame(
    placed: pl.LazyFrame,
    table: Table,
    which: pl.Expr,
    observed_at: datetime,
) -> pl.LazyFrame:
    """Rows as `Scope.frames` describes them, their `_hash`, and what in them is unreadable.

    A record without an identifier is there all the same, under an empty one. Fields that hold
    what they cannot are null, and named in `_misfits`, parted by commas.

    Args:
        placed: rows of the transactions that are wanted.
        table: whose rows they are.
        which: condition over canonical fields that wanted rows meet.
        observed_at: when the rows were seen.
    """
    placed = meeting(which, placed, table)
    columns = table.columns
    keys = [
        columns.keys(kind).list.eval(pl.lit(f"{kind}:") + pl.element()) for kind in columns.kinds()
    ]
    return placed.select(
        HASH,
        TRANSACTION,
        misfits_of(table, table.fields).alias(MISFITS),
        columns.native_id().fill_null("").alias("_record"),
        (pl.concat_list(keys) if keys else pl.lit([], pl.List(pl.String))).alias("_keys"),
        columns.modified_at().alias("_modified_at"),
        pl.lit(observed_at, INSTANT).alias("_observed_at"),
        *(columns.field(name).alias(name) for name in table.fields),
    )


def misfits_of(table: Table, names: Iterable[str]) -> pl.Expr:
    """Which of these fields hold what they cannot, parted by commas; empty where none does."""
    misfits = [
        pl.when(misfit).then(pl.lit(f"{name} "))
        for name in names
        if (misfit := table.columns.misfits(name)) is not None
    ]
    named = pl.concat_str(pl.lit(""), *misfits, ignore_nulls=True).str.strip_chars_end()
    return named.str.replace_all(" ", ", ", literal=True)
