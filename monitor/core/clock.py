"""Time as an argument: whoever needs the present takes a clock."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present as an aware UTC instant."""


def system_clock() -> datetime:
    """The machine's present, aware, in UTC."""
    return datetime.now(UTC)
