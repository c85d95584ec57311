"""Breaks as a table for whoever gets the file: one row a break, in an order of its own."""

from pathlib import Path

import polars as pl

from monitor.core.breaks import BreakKind

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
"""`key` is the business key of the deal."""

_ORDER = ("key", "kind", "system", "field", "record_id", "rule", "flow")


def breaks_table(found: pl.DataFrame) -> pl.DataFrame:
    """Findings under the names of `COLUMNS`, sorted.

    A record that is missing goes by the value of its key, as `record_id` of the copies would.
    """
    absent = pl.col("kind").is_in([BreakKind.MISSING.value, BreakKind.LATE.value])
    key_alone = pl.col("record_id").str.replace(r"^[a-z][a-z0-9_-]*:", "")
    record_id = pl.when(absent).then(key_alone).otherwise("record_id")
    named = found.with_columns(record_id.alias("record_id")).rename({"transaction": "key"})
    return named.select(COLUMNS).sort(_ORDER, maintain_order=True)


def write_breaks(breaks: pl.DataFrame, path: Path) -> None:
    """Write the table in the format that the file's suffix says: Parquet, CSV or JSON lines.

    Raises:
        ValueError: the suffix says none of them.
    """
    match path.suffix.lower():
        case ".parquet":
            breaks.write_parquet(path)
        case ".csv":
            breaks.write_csv(path)
        case ".jsonl" | ".ndjson":
            breaks.write_ndjson(path)
        case suffix:
            raise ValueError(f"'{suffix}' is no format of breaks: .parquet, .csv or .jsonl")
