"""Breaks as a table for whoever gets the file: one row a break, in an order of its own."""

from enum import StrEnum
from pathlib import Path

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.watches import ESTATE

COLUMNS = (
    "key",
    "kind",
    "system",
    "entity",
    "field",
    "record_id",
    "expected",
    "actual",
    "value_at_risk",
    "currency",
    "since",
    "owner",
    "classification",
    "rule",
    "hop",
    "stream",
    "severity",
    "flow",
)
"""`key` is the business key of the deal; of a group of customers, the oldest one's identifier."""

_ORDER = ("key", "kind", "system", "field", "record_id", "rule", "flow")


def breaks_table(found: pl.DataFrame) -> pl.DataFrame:
    """Findings under the names of `COLUMNS`, sorted.

    A record that is missing goes by the value of its key, as `record_id` of the copies would; a
    group of customers by the identifier of the record that it is named after.
    """
    absent = pl.col("kind").is_in([BreakKind.MISSING.value, BreakKind.LATE.value])
    key_alone = pl.col("record_id").str.replace(r"^[a-z][a-z0-9_-]*:", "")
    record_id = pl.when(absent).then(key_alone).otherwise("record_id")
    in_group = pl.col("flow") == ESTATE
    of_oldest = pl.col("transaction").str.replace(r"^same:[^/]*/", "")
    key = pl.when(in_group).then(of_oldest).otherwise("transaction")
    named = found.with_columns(record_id.alias("record_id"), key.alias("transaction")).rename(
        {"transaction": "key"}
    )
    return named.select(COLUMNS).sort(_ORDER, maintain_order=True)


class BreaksFormat(StrEnum):
    """Formats that breaks are written in, by the suffix of the file."""

    PARQUET = ".parquet"
    CSV = ".csv"
    JSON_LINES = ".jsonl"


def format_of(path: Path) -> BreaksFormat:
    """The format that the file's name says.

    Raises:
        ValueError: it says none.
    """
    try:
        return BreaksFormat(path.suffix.lower())
    except ValueError:
        known = ", ".join(BreaksFormat)
        raise ValueError(f"'{path.suffix}' is no format of breaks; known are {known}") from None


def write_breaks(breaks: pl.DataFrame, path: Path) -> None:
    """Write the table in the format that the file's name says.

    Raises:
        ValueError: it says none.
    """
    match format_of(path):
        case BreaksFormat.PARQUET:
            breaks.write_parquet(path)
        case BreaksFormat.CSV:
            breaks.write_csv(path)
        case BreaksFormat.JSON_LINES:
            breaks.write_ndjson(path)
