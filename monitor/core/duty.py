"""Duty: when a team works, and which shift of it holds what stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from pydantic import Field

from monitor.core.calendar import WorkingHours, plain_time
from monitor.core.flows import PLAIN
from monitor.core.streams import Name, Settings

_NONE = timedelta(0)
_INSTANT = timedelta(microseconds=1)
_SHIFTS_AHEAD = 400
"""A calendar that has not closed after so many shifts in a row never does."""


class ShiftSettings(Settings):
    """Some of a team's people, and when they hold what stands."""

    name: str = Field(min_length=1, max_length=80)
    """What people call the shift."""
    calendar: Name
    """When it is on duty."""


def next_opening(hours: WorkingHours, now: datetime) -> datetime:
    """The present within working time, else when it next begins."""
    return hours.add(now, _NONE)


def is_working(hours: WorkingHours, now: datetime) -> bool:
    """Whether it is working time; a shift includes its closing."""
    return next_opening(hours, now) <= now


def next_closing(hours: WorkingHours, now: datetime) -> datetime | None:
    """The first instant after the present that is no working time; None where there is none."""
    end = now
    for opening, closing in islice(hours.shifts_from(now), _SHIFTS_AHEAD):
        if closing < end:
            continue
        if opening > end:
            return end + _INSTANT if end > now else now
        end = closing
    return None


@dataclass(frozen=True, slots=True)
class Duty:
    """When who works.

    Attributes:
        calendars: working time by the calendar's name.
        owners: by owner, the name of its calendar; only of those that have one.
        shifts: by owner, its shifts in order; only of those that have any.
    """

    calendars: Mapping[str, WorkingHours] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    shifts: Mapping[str, tuple[ShiftSettings, ...]] = field(default_factory=dict)

    def hours(self, calendar: str, owner: str) -> WorkingHours | None:
        """The working time that counts; None where time never stops.

        Args:
            calendar: its name; empty: the owner's own; `plain`: time that never stops.
            owner: whose calendar counts where none is named.
        """
        name = calendar or self.owners.get(owner, PLAIN)
        return self.calendars.get(name)

    def add(self, start: datetime, allowed: timedelta, calendar: str, owner: str) -> datetime:
        """The instant by which so much time has passed, in the time that counts."""
        hours = self.hours(calendar, owner)
        return plain_time(start, allowed) if hours is None else hours.add(start, allowed)

    def holder(self, owner: str, now: datetime) -> str:
        """The shift that holds what stands of an owner; empty where nobody is on duty."""
        for shift in self.shifts.get(owner, ()):
            if is_working(self.calendars[shift.calendar], now):
                return shift.name
        return ""

    def next_change(self, owner: str, now: datetime) -> datetime | None:
        """When another shift may hold it; None for an owner without shifts."""
        changes = []
        for shift in self.shifts.get(owner, ()):
            hours = self.calendars[shift.calendar]
            opening = next_opening(hours, now)
            changes.append(opening if opening > now else next_closing(hours, now))
        return min((at for at in changes if at is not None), default=None)
