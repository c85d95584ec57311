"""A clock that moves only when somebody sleeps, or when it is told to."""

from datetime import UTC, datetime, timedelta

from monitor.core.clock import TimeLimit

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


class FakeTime:
    """Wall clock, monotonic clock and sleep that agree with one another."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now
        self.slept: list[float] = []
        self._elapsed = 0.0

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self._elapsed += seconds

    def set_back(self, seconds: float) -> None:
        """As an administrator does; the monotonic clock does not follow."""
        self.now -= timedelta(seconds=seconds)

    def limit(self, seconds: float = 300.0) -> TimeLimit:
        return TimeLimit.of(timedelta(seconds=seconds), lambda: self._elapsed)
