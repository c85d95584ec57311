"""Working time: when a team's clock runs, in its own zone, through changes of summer time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

import polars as pl

from monitor.core.flows import CalendarSettings, MonthEndSettings
from monitor.core.plugins import WorkingTime
from monitor.core.ports import INSTANT
from monitor.core.shifts import ShiftTable
from monitor.core.working_days import WorkingDays, public_holidays

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_LATEST = datetime.max.replace(tzinfo=UTC)

_USUAL_YEARS = (1990, 2060)
"""Years for which shifts are written down; a stamp out of a broken clock is counted by itself."""
_LAST_YEAR = 2100
"""Until when they are written down for what takes years."""
_WEEKS = 20
"""Weeks' worth of work that a year has at the least, whatever its holidays and freezes."""
_ANY_YEAR, _LEAP_YEAR = 2026, 2024


def working_time(settings: CalendarSettings) -> WorkingTime:
    """How working time is added by this calendar.

    Raises:
        ValueError: the zone is unknown, or the calendar has no working time at all.
    """
    return working_hours(settings)


def plain_time(start: datetime, allowed: timedelta) -> datetime:
    """Adds time that never stops; ends at the last instant there is."""
    try:
        return start + allowed
    except OverflowError:
        return _LATEST


def working_hours(settings: CalendarSettings) -> "WorkingHours":
    """A calendar's settings, checked and ready to count with.

    Raises:
        ValueError: the calendar cannot be; see `faults_of`.
    """
    for _, sentence in faults_of(settings):
        raise ValueError(sentence)
    freeze = settings.month_end or MonthEndSettings()
    return WorkingHours(
        zone=ZoneInfo(settings.zone),
        days=WorkingDays(
            weekdays=frozenset(_DAYS.index(day) for day in settings.days),
            holidays=frozenset(settings.holidays),
            worked=frozenset(settings.worked),
            country=settings.country,
            region=settings.region,
            last=freeze.last,
            first=freeze.first,
            months=frozenset(freeze.months),
        ),
        opens=_minutes(settings.opens),
        closes=_minutes(settings.closes),
        short_days=tuple((day, _minutes(at)) for day, at in sorted(settings.short_days.items())),
    )


def faults_of(settings: CalendarSettings) -> Iterator[tuple[str, str]]:
    """What is wrong with a calendar: the key at fault, and one sentence."""
    if not _is_zone(settings.zone):
        yield "zone", f"'{settings.zone}' is not a time zone of the IANA database"
    if not settings.days:
        yield "days", "the calendar has no working days"
    if _minutes(settings.closes) <= _minutes(settings.opens):
        yield "closes", f"the calendar closes at {settings.closes}, not after {settings.opens}"
    for day, closes in settings.short_days.items():
        if not _is_day(day):
            yield "short_days", f"'{day}' is no day of a year"
        if not _minutes(settings.opens) < _minutes(closes) < _minutes(settings.closes):
            hours = f"{settings.opens} and {settings.closes}"
            yield "short_days", f"the calendar closes at {closes} on {day}, not between {hours}"
    if settings.region and not settings.country:
        yield "region", f"the region '{settings.region}' needs a country"
    elif settings.country:
        yield from _holiday_faults(settings.country, settings.region)
    freeze = settings.month_end or MonthEndSettings()
    # Every month has each day of the week four times, and is never all holidays.
    if settings.days and freeze.last + freeze.first >= 4 * len(settings.days):
        yield "month_end", "the freeze at month end leaves no working days"


def _holiday_faults(country: str, region: str) -> Iterator[tuple[str, str]]:
    try:
        public_holidays(country, region, _ANY_YEAR)
    except ValueError as error:
        yield ("region" if region else "country"), str(error)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return False
    return True


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text if len(text) > len("12-24") else f"{_LEAP_YEAR}-{text}")
    except ValueError:
        return False
    return True


def _minutes(clock_time: str) -> int:
    hours, _, minutes = clock_time.partition(":")
    return int(hours) * 60 + int(minutes)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours in which a team works.

    A shift runs from its opening to its closing by the wall clock, so it is an hour longer or
    shorter when the clocks change within it. An hour that the wall clock shows twice belongs to
    the shift twice. A time that the wall clock skips is read as if it had not changed yet.

    Attributes:
        zone: where the wall clock hangs.
        days: dates with a shift.
        opens: minutes since midnight.
        closes: minutes since midnight, up to 1440 for the end of the day.
        short_days: dates (`2026-12-24`) and days of each year (`12-24`) with another closing.
    """

    zone: ZoneInfo
    days: WorkingDays
    opens: int
    closes: int
    short_days: tuple[tuple[str, int], ...] = ()

    def add(self, start: datetime, allowed: timedelta) -> datetime:
        """The earliest instant within a shift by which `allowed` has been worked since `start`.

        A shift includes its closing, so a full day started at the opening ends at the closing
        and not next morning. No time at all, allowed at night, ends when the team next opens.
        Past the last date there is, the result is the last instant there is.
        """
        if allowed < timedelta(0):
            raise ValueError("working time cannot be taken away")
        remaining = allowed
        for opening, closing in self.shifts_from(start):
            begin = max(opening, start)
            if begin <= closing:
                if remaining <= closing - begin:
                    return begin + remaining
                remaining -= closing - begin
        return _LATEST

    def add_all(self, starts: pl.Series, allowed: timedelta) -> pl.Series:
        """What `add` says of each instant of a column; null stays null."""
        if allowed < timedelta(0):
            raise ValueError("working time cannot be taken away")
        starts = starts.cast(INSTANT)
        due = self._table(starts, allowed).add(starts, allowed)
        untold = starts.filter(due.is_null() & starts.is_not_null()).unique()
        if untold.is_empty():
            return due
        told = pl.Series([self.add(each, allowed) for each in untold], dtype=INSTANT)
        return due.fill_null(starts.replace_strict(untold, told, default=None))

    def _table(self, starts: pl.Series, allowed: timedelta) -> ShiftTable:
        """The shifts from the first of the starts until the last of them has had its time."""
        years = starts.dt.year().unique()
        usual = years.filter(years.is_between(*_USUAL_YEARS)).to_list() or [_USUAL_YEARS[0]]
        weekly = len(self.days.weekdays) * timedelta(minutes=self.closes - self.opens)
        last = max(usual) + 1 + allowed // (_WEEKS * weekly)
        return _shift_table(self, min(usual), min(last, _LAST_YEAR))

    def worked_all(self, starts: pl.Series, ends: pl.Series) -> pl.Series:
        """What `worked_between` says of each pair of instants; null where either is null."""
        starts, ends = starts.cast(INSTANT), ends.cast(INSTANT)
        table = self._table(pl.concat([starts, ends]), timedelta(0))
        worked = (table.until(ends) - table.until(starts)).clip(lower_bound=0)
        told = worked.cast(pl.Duration("us"))
        untold = told.is_null() & starts.is_not_null() & ends.is_not_null()
        if not untold.any():
            return told
        pairs = zip(starts, ends, told, untold, strict=True)
        return pl.Series(
            [self.worked_between(*pair) if is_left else known for *pair, known, is_left in pairs],
            dtype=pl.Duration("us"),
        )

    def worked_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; nothing where `end` is not after `start`."""
        worked = timedelta(0)
        for opening, closing in self.shifts_from(start):
            if opening >= end:
                break
            worked += max(min(closing, end) - max(opening, start), timedelta(0))
        return worked

    def shifts_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Shifts in order, in UTC, from the one of the day before `start` on."""
        # Zones are at most a day from UTC; the first and last dates of all would not convert.
        day = max(start.astimezone(UTC).date(), date.min + 2 * _DAY) - _DAY
        while day < date.max - _DAY:
            if day in self.days:
                opening, closing = self._instant(day, self.opens), self._closing(day)
                # A date that a zone left out altogether would repeat its neighbour's shift.
                if opening < closing and opening.astimezone(self.zone).date() == day:
                    yield opening, closing
            day += _DAY

    def _closing(self, day: date) -> datetime:
        text, short = day.isoformat(), dict(self.short_days)
        closes = short.get(text, short.get(text[5:], self.closes)) if short else self.closes
        first = self._instant(day, closes)
        if closes == 24 * 60:
            return first
        return max(first, self._instant(day, closes, fold=1))

    def _instant(self, day: date, minutes: int, fold: int = 0) -> datetime:
        midnight = datetime.combine(day, time(0))
        wall = (midnight + timedelta(minutes=minutes)).replace(tzinfo=self.zone, fold=fold)
        return wall.astimezone(UTC)


@lru_cache(maxsize=64)
def _shift_table(hours: WorkingHours, first_year: int, last_year: int) -> ShiftTable:
    """The shifts of these years."""
    since = datetime(first_year, 1, 1, tzinfo=UTC)
    until = datetime(last_year + 1, 1, 1, tzinfo=UTC)
    return ShiftTable.of(since, takewhile(lambda shift: shift[0] < until, hours.shifts_from(since)))
