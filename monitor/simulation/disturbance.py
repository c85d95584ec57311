"""What goes wrong on the way between a system and its reader: by schedule, and on demand."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from monitor.simulation.chance import seeded


class Trouble(StrEnum):
    """One thing that can happen to one request."""

    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    DROPPED = "dropped"
    BROKEN_OFF = "broken_off"
    CUT = "cut"
    CUT_UNSIZED = "cut_unsized"
    REPEATED_ROWS = "repeated_rows"
    REORDERED_ROWS = "reordered_rows"


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A schedule of troubles.

    Whether a request is disturbed depends on the seed, on what it asks, and on how often that
    has been asked before, never on the order of other requests; so a rehearsal can be repeated
    although its client uses several threads.

    Attributes:
        seed: where chance comes from.
        rate: share of requests that are disturbed, 0 to 1.
        kinds: what may happen.
        in_a_row: never more disturbed answers to the same request than this, so that a client
            that tries again gets through.
        retry_after: seconds in the header `Retry-After` of a throttled request.
    """

    seed: int
    rate: float
    kinds: tuple[Trouble, ...] = tuple(Trouble)
    in_a_row: int = 2
    retry_after: int = 1

    def trouble(self, system: str, target: str, asked_before: int) -> Trouble | None:
        """What happens to a request.

        Args:
            system: that is asked.
            target: path and query.
            asked_before: how often the same was asked of it under this schedule.
        """
        if not self.kinds or self._run_length(system, target, asked_before) > self.in_a_row:
            return None
        chance = seeded(self.seed, system, target, asked_before)
        return chance.choice(self.kinds) if chance.random() < self.rate else None

    def _run_length(self, system: str, target: str, asked: int) -> int:
        """How many disturbed answers would end with this one, were there no limit."""
        length = 0
        while asked >= length and length <= self.in_a_row:
            if seeded(self.seed, system, target, asked - length).random() >= self.rate:
                break
            length += 1
        return length


class Troubles:
    """What is going to happen to the next requests. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._schedule: Disturbance | None = None
        self._asked: Counter[tuple[str, str]] = Counter()
        self._queued: dict[str, deque[Trouble]] = {}
        self._down: set[str] = set()
        self.happened: Counter[tuple[str, Trouble]] = Counter()
        """How often what befell whom."""

    def follow(self, schedule: Disturbance | None) -> None:
        """Disturb by this schedule from now on; None for calm."""
        with self._lock:
            self._schedule = schedule
            self._asked.clear()

    def queue(self, system: str, troubles: Sequence[Trouble]) -> None:
        """Let these befall the system's next requests, before any schedule."""
        with self._lock:
            self._queued.setdefault(system, deque()).extend(troubles)

    def take_down(self, system: str) -> None:
        """Answer nothing that is asked of the system."""
        with self._lock:
            self._down.add(system)

    def bring_up(self, system: str) -> None:
        """Answer again."""
        with self._lock:
            self._down.discard(system)

    @property
    def retry_after(self) -> int:
        """Seconds that a throttled client is told to wait."""
        schedule = self._schedule
        return schedule.retry_after if schedule else 1

    def next(self, system: str, target: str) -> Trouble | None:
        """What happens to the request that has just come in."""
        with self._lock:
            trouble = self._choose(system, target)
            if trouble is not None:
                self.happened[system, trouble] += 1
            return trouble

    def _choose(self, system: str, target: str) -> Trouble | None:
        if system in self._down:
            return Trouble.DROPPED
        if self._queued.get(system):
            return self._queued[system].popleft()
        if self._schedule is None:
            return None
        asked_before = self._asked[system, target]
        self._asked[system, target] += 1
        return self._schedule.trouble(system, target, asked_before)
