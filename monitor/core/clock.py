"""Time as an argument: whoever needs the present takes a clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

Clock = Callable[[], datetime]
"""Returns the present as an aware UTC instant."""


def system_clock() -> datetime:
    """The machine's present, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long an undertaking may take in all, on a clock that nobody sets.

    Attributes:
        ends: reading of `monotonic` at which the time is over.
        monotonic: seconds that only ever grow.
    """

    ends: float
    monotonic: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, allowed: timedelta, monotonic: Callable[[], float] = time.monotonic) -> Self:
        """A limit that starts to run now."""
        return cls(monotonic() + allowed.total_seconds(), monotonic)

    def left(self) -> float:
        """Seconds that are left; 0 when the time is over."""
        return max(0.0, self.ends - self.monotonic())


def stopwatch(monotonic: Callable[[], float] = time.monotonic) -> Callable[[], float]:
    """Starts to run now; each call returns the seconds since."""
    started = monotonic()
    return lambda: monotonic() - started
