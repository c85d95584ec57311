"""Tables as CSV, which no spreadsheet calculates with, and Parquet; the same bytes each time."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from monitor.core.ports import INSTANT

_AT_A_TIME = 100_000
"""Rows that are turned into text together; bounds memory."""

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "'")
"""What a text that a spreadsheet would calculate with, or hide, begins with; the apostrophe that is
put before it too. Source: OWASP ASVS 5.0, requirement 1.2.10."""

_BEGINS = r"^[=+\-@\t\r\n\x00']"


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as `path.csv` and `path.parquet`.

    Raises:
        OSError: a file cannot be written.
    """
    with path.with_suffix(".csv").open("wb") as file:
        for number, part in enumerate(_parts(frame)):
            # `non_numeric` sets texts apart from what is missing: an empty text stands in quotes.
            part.write_csv(file, include_header=number == 0, quote_style="non_numeric")
    frame.rechunk().write_parquet(
        path.with_suffix(".parquet"), compression="zstd", row_group_size=_AT_A_TIME
    )


def _parts(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for start in range(0, max(frame.height, 1), _AT_A_TIME):
        yield as_text(frame.slice(start, _AT_A_TIME))


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as CSV shows it: safe texts, instants in UTC, money without needless zeros."""
    return frame.with_columns(_shown(name, kind) for name, kind in frame.schema.items())


def _shown(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.String():
        safe = pl.when(column.str.contains(_BEGINS)).then(pl.lit("'") + column).otherwise(column)
        # Some readers take a NUL for the end of the file.
        return safe.str.replace_all("\0", "\ufffd", literal=True).alias(name)
    if kind == INSTANT:
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    if isinstance(kind, pl.Decimal):
        return column.cast(pl.String).str.replace(r"(\.\d\d\d*?)0*$", "$1")
    return column
