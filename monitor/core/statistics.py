"""Statistics: what sampling notes of every stream, so that watches know what is usual there."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from monitor.core.model import StreamId
from monitor.core.shapes import EMPTY, ValueType


@dataclass(frozen=True, slots=True)
class Sighting:
    """How often, and when, something was seen in a field.

    Rows are numbered in the order in which a stream showed them, from 1 on.

    Attributes:
        rows: in how many rows.
        first_row, last_row: in which one first and last.
        first_at: when it was first seen, by our clock.
    """

    rows: int
    first_row: int
    last_row: int
    first_at: datetime

    def __add__(self, other: "Sighting") -> "Sighting":
        return Sighting(
            self.rows + other.rows,
            min(self.first_row, other.first_row),
            max(self.last_row, other.last_row),
            min(self.first_at, other.first_at),
        )


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """What was seen in one mapped field of a stream.

    Attributes:
        after_row: the row after which the field was first looked at.
        types: what the rows held, by type.
        words: the texts of a field with few of them; None once there were too many.
        lately: rows seen as they came, not while catching up, and how many of them had a value.
    """

    after_row: int
    types: Mapping[ValueType, Sighting] = field(default_factory=dict)
    words: Mapping[str, Sighting] | None = field(default_factory=dict)
    lately: tuple[int, int] = (0, 0)

    def last_row_with_value(self) -> int:
        """The last row that held anything; 0 where none did."""
        held = (seen.last_row for kind, seen in self.types.items() if kind not in EMPTY)
        return max(held, default=0)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """A system's clock beside ours.

    Attributes:
        ahead: how far it was ahead of our clock; negative where it was behind.
        read_at: when, by our clock.
    """

    ahead: timedelta
    read_at: datetime


@dataclass(frozen=True, slots=True)
class StreamProfile:
    """What was seen of one stream: only rows that were new or had changed count.

    Attributes:
        rows: how many.
        began_at: when, by our clock, the first of them was seen.
        last_row_at: when the last of them came to be visible, see `profiling.visible_at`.
        standard_at: when the last of those came that a look in full brought; what they hold is
            the standard. None: there was no such look, or it brought nothing.
        fields: by canonical field.
        clock: its system's clock at the last complete look, where it has one.
    """

    rows: int = 0
    began_at: datetime | None = None
    last_row_at: datetime | None = None
    standard_at: datetime | None = None
    fields: Mapping[str, FieldProfile] = field(default_factory=dict)
    clock: ClockReading | None = None


@dataclass(frozen=True, slots=True)
class LateRow:
    """A row that came to light long after the instant that it is stamped with.

    Attributes:
        native_id: of the record.
        stamped_at: by the source.
        seen_at: when it was first seen so.
        behind: how much earlier it is stamped than what had been read completely by then.
    """

    native_id: str
    stamped_at: datetime
    seen_at: datetime
    behind: timedelta


@dataclass(frozen=True, slots=True)
class StreamDay:
    """What one day (UTC) brought in a stream.

    Attributes:
        arrived: records first seen.
        changed: changes of records known before.
        population: how many rows the last complete listing of the day showed; None without one.
        late: rows that came to light too late, the latest first; a bounded number.
    """

    arrived: int = 0
    changed: int = 0
    population: int | None = None
    late: Sequence[LateRow] = ()


STEPS_PER_DOUBLING: Final = 8
"""Classes of times from one length to its double: a class is 9 % wide."""


def class_of(length: timedelta) -> int:
    """The class that a length of time falls into; those below a second share one."""
    seconds = max(length.total_seconds(), 1.0)
    return math.floor(math.log2(seconds) * STEPS_PER_DOUBLING)


@dataclass(frozen=True, slots=True)
class HopDay:
    """How long a hand-off took the deals that arrived on one day (UTC).

    Attributes:
        times: how many transits, by `class_of` the time from the start to the arrival.
    """

    times: Mapping[int, int]

    @property
    def transits(self) -> int:
        """How many deals arrived."""
        return sum(self.times.values())

    def typical(self) -> timedelta:
        """The median time, to within half a class."""
        return self.percentile(50)

    def percentile(self, percent: int) -> timedelta:
        """The time within which so many of a hundred arrived, to within half a class."""
        left = -(-self.transits * percent // 100)
        for each, count in sorted(self.times.items()):
            left -= count
            if left <= 0:
                return timedelta(seconds=2 ** ((each + 0.5) / STEPS_PER_DOUBLING))
        return timedelta(0)


@dataclass(frozen=True, slots=True)
class Hop:
    """A hand-off of a flow."""

    flow: str
    name: str


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the past.

    Attributes:
        profiles: by stream.
        days: by stream, the days that brought something.
        hops: by hand-off, the days on which something arrived.
    """

    profiles: Mapping[StreamId, StreamProfile] = field(default_factory=dict)
    days: Mapping[StreamId, Mapping[date, StreamDay]] = field(default_factory=dict)
    hops: Mapping[Hop, Mapping[date, HopDay]] = field(default_factory=dict)
