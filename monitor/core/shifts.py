"""Shifts in a row, so that working time is added to a whole column of instants at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from monitor.core.ports import INSTANT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, eq=False)
class ShiftTable:
    """Every shift of some years, in order, with the working time that lies before it.

    Attributes:
        since: the first instant that the table can tell of, in microseconds since 1970.
        shifts: columns `opens` and `closes` in the same unit, `before` and `by_end`: working
            time of the table up to the opening and up to the closing, in microseconds.
    """

    since: int
    shifts: pl.DataFrame

    @classmethod
    def of(cls, since: datetime, shifts: Iterable[tuple[datetime, datetime]]) -> "ShiftTable":
        """The table of these shifts, which are in order and do not overlap."""
        rows = [(_microseconds(opens), _microseconds(closes)) for opens, closes in shifts]
        frame = pl.DataFrame(rows, schema={"opens": pl.Int64, "closes": pl.Int64}, orient="row")
        lasts = pl.col("closes") - pl.col("opens")
        frame = frame.with_columns(lasts.cum_sum().alias("by_end"))
        return cls(
            _microseconds(since), frame.with_columns((pl.col("by_end") - lasts).alias("before"))
        )

    def add(self, starts: pl.Series, allowed: timedelta) -> pl.Series:
        """The instants by which `allowed` has been worked; null where the table cannot tell."""
        start = starts.dt.epoch("us")
        start = start.set(start < self.since, None)
        first = self._reaching("closes", start)
        current = self._shifts_at(first)
        begun = (start - current["opens"]).clip(lower_bound=0)
        worked = current["before"] + begun + allowed // _MICROSECOND
        # No time at all, allowed between two shifts, ends in the second of them.
        last = self._shifts_at(_later(first, self._reaching("by_end", worked)))
        return (last["opens"] + worked - last["before"]).cast(INSTANT)

    def until(self, instants: pl.Series) -> pl.Series:
        """Working time before each instant, in microseconds; null where the table cannot tell.

        It is counted from the table's own beginning, so only differences mean something.
        """
        instant = instants.dt.epoch("us")
        instant = instant.set(instant < self.since, None)
        current = self._shifts_at(self._reaching("closes", instant))
        return current["before"] + (instant - current["opens"]).clip(lower_bound=0)

    def _reaching(self, column: str, values: pl.Series) -> pl.Series:
        """The number of the first shift whose column reaches each value."""
        return self.shifts[column].search_sorted(values, side="left")

    def _shifts_at(self, numbers: pl.Series) -> pl.DataFrame:
        """Shifts by number; nulls past the last one."""
        return self.shifts.select(pl.all().gather(pl.lit(numbers), null_on_oob=True))


def _later(one: pl.Series, other: pl.Series) -> pl.Series:
    return pl.select(pl.max_horizontal(one, other)).to_series()
