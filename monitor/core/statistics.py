"""Statistics: what sampling notes of every stream, so that watches know what is usual there."""

from dataclasses import dataclass, field

import polars as pl

STREAM_DAYS = pl.Schema(
    {
        "stream": pl.String(),
        "day": pl.Date(),
        "born": pl.Int64(),
        "changed": pl.Int64(),
    }
)
"""One row a stream and day (UTC): how many of the records known today were born on that day by
the source's own stamps, and how many changes of known records were seen on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What is known of the past of the streams.

    Attributes:
        days: as `STREAM_DAYS`.
    """

    days: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STREAM_DAYS))
