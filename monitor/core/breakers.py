"""Breakers: a target that fails again and again is left alone for a while, then tried once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.policies import BreakerSettings


class BreakerState(StrEnum):
    """Whether a target may be written to.

    CLOSED: yes.
    TRIAL: once, to see whether it works again.
    OPEN: no.
    """

    CLOSED = "closed"
    TRIAL = "trial"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is remembered of a target.

    Attributes:
        failures: outcomes in a row that were no success.
        opened_at: since when it is left alone; None while it is not.
    """

    failures: int = 0
    opened_at: datetime | None = None

    def state(self, settings: BreakerSettings, now: datetime) -> BreakerState:
        """Whether the target may be written to now."""
        if self.opened_at is None:
            return BreakerState.CLOSED
        is_rested = now - self.opened_at >= settings.rest
        return BreakerState.TRIAL if is_rested else BreakerState.OPEN

    def failed(self, settings: BreakerSettings, now: datetime) -> "Breaker":
        """After one more failure; where there are enough of them, it opens, or opens anew."""
        failures = self.failures + 1
        return Breaker(failures, now if failures >= settings.failures else self.opened_at)
