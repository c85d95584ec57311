"""Calls made to each system, kept over restarts: a day's allowance is the vendor's, not ours."""

import threading
from datetime import datetime

from monitor.core.ports import Probe
from monitor.store.database import Database
from monitor.store.streams import add_calls


class CallLedger:
    """Writes down what each probe has spent since it was last asked."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[Probe, int]] = {}
        self._lock = threading.Lock()

    def record(self, database: Database, system: str, probe: Probe, now: datetime) -> int:
        """Add the probe's new calls to the day's count; returns how many there were."""
        with self._lock:
            _, before = self._seen.get(id(probe), (probe, 0))
            made = probe.calls_made()
            self._seen[id(probe)] = (probe, made)
        if made > before:
            with database.write() as connection:
                add_calls(connection, system, now.date(), made - before)
        return made - before
