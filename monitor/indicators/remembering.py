"""Remember: indicators cost by the deals of their period, and many people look at the same ones."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.estate import Estate
from monitor.indicators.compute import compute_indicators
from monitor.indicators.figures import FlowIndicators
from monitor.store.database import Database

FRESH: Final = timedelta(minutes=1)
"""Counted longer ago, they are counted anew. The daemon's own job counts them twice as often."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Indicators, and when they were counted, by which landscape."""

    at: datetime
    digest: str
    flows: Sequence[FlowIndicators]


class IndicatorMemory:
    """The indicators as they were counted last; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: Counted | None = None

    def count(self, estate: Estate, database: Database, now: datetime) -> Counted:
        """Count them now.

        Raises:
            Transient, Permanent: the store failed.
        """
        counted = Counted(now, estate.digest, compute_indicators(estate, database, now))
        with self._lock:
            self._counted = counted
        return counted

    def recall(self, estate: Estate, database: Database, now: datetime) -> Counted:
        """As they were counted, if that was lately; else as `count`."""
        with self._lock:
            known = self._counted
        if known is None or known.digest != estate.digest or not _is_fresh(known, now):
            return self.count(estate, database, now)
        return known


def _is_fresh(known: Counted, now: datetime) -> bool:
    return timedelta(0) <= now - known.at < FRESH
