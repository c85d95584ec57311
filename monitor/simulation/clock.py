"""The firm's own time: it stands still or follows another clock, and can be moved on."""

from datetime import datetime, timedelta

from monitor.core.clock import Clock


class VirtualClock:
    """A `Clock` that a rehearsal moves.

    Args:
        start: the first present; aware.
        follow: a clock whose passing is added; None stands still between advances.
    """

    def __init__(self, start: datetime, follow: Clock | None = None) -> None:
        if start.tzinfo is None:
            raise ValueError("the start of a virtual clock must be an aware instant")
        self._start = start
        self._follow = follow
        self._origin = follow() if follow else start
        self._advanced = timedelta()

    def __call__(self) -> datetime:
        """The firm's present."""
        passed = self._follow() - self._origin if self._follow else timedelta()
        return self._start + self._advanced + passed

    def advance(self, by: timedelta) -> datetime:
        """Move on and return the new present.

        Raises:
            ValueError: time does not run backwards.
        """
        if by < timedelta():
            raise ValueError("a virtual clock cannot be moved back")
        self._advanced += by
        return self()
