"""A table whose rows become visible when their commit is due: what is read follows the clock."""

import heapq
from dataclasses import dataclass
from datetime import datetime
from threading import RLock

from monitor.core.clock import Clock
from monitor.simulation.rows import Row


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a row.

    Attributes:
        row: what it holds.
        modified_at: stamp that the writing transaction took when it started.
        visible_at: when that transaction committed; later than the stamp for a late commit.
        deleted: the row is gone; a system with soft deletes still shows it.
    """

    row: Row
    modified_at: datetime
    visible_at: datetime
    deleted: bool = False


class Table:
    """The rows of one object type, read as of the clock's present. Safe for several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = RLock()
        self._current: dict[str, Version] = {}
        self._of_deal: dict[str, set[str]] = {}
        self._awaited: list[tuple[datetime, int, Version]] = []
        self._written = 0
        self._ordered: tuple[Version, ...] | None = None

    def write(self, version: Version) -> None:
        """Store a state; it shows once the clock has reached its commit."""
        with self._lock:
            self._written += 1
            heapq.heappush(self._awaited, (version.visible_at, self._written, version))

    def ordered(self) -> tuple[Version, ...]:
        """Every row that can be seen now, deleted ones included, by stamp and id."""
        with self._lock:
            self._commit()
            if self._ordered is None:
                self._ordered = tuple(
                    sorted(self._current.values(), key=lambda seen: (seen.modified_at, seen.row.id))
                )
            return self._ordered

    def get(self, row_id: str) -> Version | None:
        """The row with this id as it is now, deleted or not."""
        with self._lock:
            self._commit()
            return self._current.get(row_id)

    def of_deal(self, deal: str) -> list[Version]:
        """The deal's rows as they are now, by id, deleted ones included."""
        with self._lock:
            self._commit()
            return [self._current[row_id] for row_id in sorted(self._of_deal.get(deal, ()))]

    def _commit(self) -> None:
        now = self._clock()
        while self._awaited and self._awaited[0][0] <= now:
            _, _, version = heapq.heappop(self._awaited)
            self._current[version.row.id] = version
            self._of_deal.setdefault(version.row.deal, set()).add(version.row.id)
            self._ordered = None
