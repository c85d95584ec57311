"""How long whoever keeps failing has to wait: doubling, by name and by address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.core.accounts import Failures

FORGOTTEN: Final = timedelta(days=1)
"""After which a failure is held against nobody any more."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How much failing is put up with.

    Attributes:
        free: failures that cost nothing.
        first: the wait after one more; each further one doubles it.
        longest: the longest wait.
    """

    free: int
    first: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=1)


BY_NAME: Final = Patience(free=5)
BY_ADDRESS: Final = Patience(free=20)
"""More: many people may come from one address."""


def waits_until(known: Failures | None, now: datetime) -> datetime | None:
    """Before when no attempt is looked at; None where one is."""
    if known is None or known.locked_until is None or known.locked_until <= now:
        return None
    return known.locked_until


def failed_once_more(known: Failures | None, patience: Patience, now: datetime) -> Failures:
    """What is remembered after another attempt that failed."""
    before = 0 if known is None or known.last_at <= now - FORGOTTEN else known.count
    count = before + 1
    beyond = count - patience.free
    if beyond <= 0:
        return Failures(count, now)
    # Bounded before it is doubled: after a thousand failures two to the power of it is no time.
    wait = min(patience.first * 2 ** min(beyond - 1, 16), patience.longest)
    return Failures(count, now, now + wait)


def took_back(known: Failures | None) -> Failures | None:
    """What is remembered after an attempt that was counted has succeeded; None: nothing.

    The others stay: whoever can log in as themselves must not wipe out what they tried as others.
    """
    if known is None or known.count <= 1:
        return None
    return Failures(known.count - 1, known.last_at)
