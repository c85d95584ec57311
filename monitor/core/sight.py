"""Sight: which streams can be seen, and since when the others cannot.

Unknown is not fine and not missing: whatever needs a blind stream is not judged.
"""

from datetime import datetime, timedelta
from enum import StrEnum


class Blindness(StrEnum):
    """Why a stream cannot be seen."""

    NEVER_SEEN = "never_seen"
    LAST_LOOK_FAILED = "last_look_failed"
    STALE = "stale"


def blindness(
    last_success_at: datetime | None,
    failing_since: datetime | None,
    stale_after: timedelta,
    now: datetime,
) -> Blindness | None:
    """Why a stream is blind; None where it can be seen.

    Args:
        last_success_at: when the last complete look ended.
        failing_since: start of the present run of failed looks; None if the last one succeeded.
        stale_after: how old the last complete look may be.
        now: the present.
    """
    if last_success_at is None:
        return Blindness.NEVER_SEEN
    if failing_since is not None:
        return Blindness.LAST_LOOK_FAILED
    if now - last_success_at > stale_after:
        return Blindness.STALE
    return None
