"""How many calls may be made: a minute, a day, and of what the vendor grants.

Counted is every try, because that is what the other side counts.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from threading import Lock
from typing import NamedTuple

from monitor.core.clock import Clock, TimeLimit
from monitor.core.errors import Reason, Transient
from monitor.core.streams import BudgetSettings

_MINUTE = timedelta(minutes=1)
_FIGURE_HOLDS = timedelta(minutes=1)
"""How long the vendor's last figure is believed: one call a minute looks whether it recovered."""


class Budget:
    """Keeps calls within the allowance. May be used by several threads at a time."""

    def __init__(
        self,
        settings: BudgetSettings,
        clock: Clock,
        sleep: Callable[[float], None],
        calls_today: int = 0,
    ) -> None:
        """Start to count.

        Args:
            settings: the allowance.
            clock: the present.
            sleep: waits that many seconds.
            calls_today: calls already made since midnight UTC.
        """
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._made = 0
        self._latest = clock()
        self._day: date = self._latest.date()
        self._today = calls_today
        self._starts: deque[datetime] = deque(maxlen=settings.calls_per_minute)
        self._limit: float | None = None
        self._left: float | None = None
        self._learnt = self._latest

    @property
    def made(self) -> int:
        """Calls since the count began."""
        return self._made

    def spend(self, time_limit: TimeLimit) -> None:
        """Take one call, waiting for its turn if that is soon enough.

        Raises:
            Transient: nothing is left, and the wait would exceed the time limit.
        """
        with self._lock:
            now = self._tick()
            self._check_day(now)
            self._check_vendor(now)
            wait = self._reserve(now, time_limit.left())
            self._made += 1
            self._today += 1
            if self._left is not None:
                self._left -= 1
        if wait > 0:
            self._sleep(wait)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take note of the vendor's quota as an answer's headers (lower-case names) state it."""
        settings = self._settings
        limit = _read_quota(headers.get((settings.limit_header or "").lower()))
        remaining = _read_quota(headers.get((settings.remaining_header or "").lower()))
        if limit is None and remaining is None:
            return
        with self._lock:
            self._learnt = self._tick()
            if limit is not None:
                self._limit = limit.total
                self._left = limit.total - limit.used if limit.used is not None else self._left
            if remaining is not None:
                self._left = remaining.total

    def remaining(self) -> Mapping[str, float]:
        """What is left, by name: `minute`, `day`, `vendor`; only what is limited and known."""
        with self._lock:
            now = self._tick()
            left: dict[str, float] = {}
            if self._settings.calls_per_minute is not None:
                recent = sum(start > now - _MINUTE for start in self._starts)
                left["minute"] = self._settings.calls_per_minute - recent
            if self._settings.calls_per_day is not None:
                left["day"] = max(0, self._settings.calls_per_day - self._today)
            if self._left is not None:
                left["vendor"] = max(0.0, self._left - self._kept_for_others())
            return left

    def _tick(self) -> datetime:
        """The present; where the clock was set back, what is remembered moves with it."""
        now = self._clock()
        if now < self._latest:
            step = now - self._latest
            self._starts = deque((start + step for start in self._starts), self._starts.maxlen)
            self._learnt += step
        self._latest = now
        if now.date() > self._day:
            self._day, self._today = now.date(), 0
        return now

    def _reserve(self, now: datetime, longest: float) -> float:
        """Seconds until the next free turn; it is taken. The N-th call back began a minute ago."""
        turn = now
        if len(self._starts) == self._starts.maxlen:
            turn = max(now, self._starts[0] + _MINUTE)
        wait = (turn - now).total_seconds()
        if wait > longest:
            raise _spent("this minute's calls are spent", wait)
        if self._starts.maxlen is not None:
            self._starts.append(turn)
        return wait

    def _check_day(self, now: datetime) -> None:
        allowed = self._settings.calls_per_day
        if allowed is not None and self._today >= allowed:
            midnight = datetime.combine(now.date() + timedelta(days=1), time.min, tzinfo=UTC)
            raise _spent("this day's calls are spent", (midnight - now).total_seconds())

    def _check_vendor(self, now: datetime) -> None:
        if self._left is None or self._left - self._kept_for_others() >= 1:
            return
        wait = (self._learnt + _FIGURE_HOLDS - now).total_seconds()
        if wait > 0:
            raise _spent("our share of the vendor's quota is spent", wait)
        self._learnt = now

    def _kept_for_others(self) -> float:
        """The part of the vendor's quota that belongs to the firm's own integrations."""
        return (self._limit or 0) * (1 - self._settings.share)


class _Quota(NamedTuple):
    used: float | None
    total: float


def _read_quota(text: str | None) -> _Quota | None:
    """`120`, `120;w=60`, or used and total as in Salesforce's `api-usage=18/5000`."""
    if text is None:
        return None
    if pair := re.search(r"(\d{1,12})\s*/\s*(\d{1,12})", text):
        return _Quota(float(pair[1]), float(pair[2]))
    if single := re.search(r"\d{1,12}", text):
        return _Quota(None, float(single[0]))
    return None


def _spent(message: str, wait: float) -> Transient:
    return Transient(message, reason=Reason.BUDGET_SPENT, retry_after=wait)
