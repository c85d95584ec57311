"""Quantiles by nearest rank, so that each can be found again among the times themselves."""

import polars as pl

from monitor.indicators.figures import Quantiles, Times


def quantiles_of(times: pl.Series) -> Quantiles | None:
    """Of lengths of time; None where there are none. Nulls do not count."""
    ordered = times.drop_nulls().sort()
    if ordered.is_empty():
        return None

    def ranked(percent: int) -> int:
        return -(-percent * len(ordered) // 100) - 1

    p50, p90, p99 = (ordered[ranked(percent)] for percent in (50, 90, 99))
    return Quantiles(p50, p90, p99, ordered[-1])


def times_of(frame: pl.DataFrame, plain: str, working: str | None = None) -> Times:
    """Times from columns of lengths of time; what has no plain one does not count."""
    told = frame.drop_nulls(plain)
    return Times(
        told.height,
        quantiles_of(told[plain]),
        None if working is None else quantiles_of(told[working]),
    )
