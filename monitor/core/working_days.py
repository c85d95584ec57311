"""The days on which a team works: of the week, of the year, and around the end of a month."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The dates on which a team works.

    Attributes:
        weekdays: Monday is 0.
        holidays: free days of its own.
        worked: dates on which it works although they are free.
        country: ISO 3166-1 code whose public holidays are free; empty: none are.
        region: ISO 3166-2 code, without the country, whose holidays are free as well.
        last: so many working days at the end of a month are frozen.
        first: so many at the beginning of the next one are frozen too.
        months: after whose end it is so; empty: after each.
    """

    weekdays: frozenset[int]
    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    country: str = ""
    region: str = ""
    last: int = 0
    first: int = 0
    months: frozenset[int] = frozenset()

    def __contains__(self, day: date) -> bool:
        """Whether time runs on this date."""
        return self._is_worked(day) and day not in _frozen_days(self, day.year, day.month)

    def frozen_in(self, year: int, month: int) -> frozenset[date]:
        """The working days of a month on which no time runs, because books are being closed."""
        if not (self.last or self.first):
            return frozenset()
        length = calendar.monthrange(year, month)[1]
        days = [date(year, month, day) for day in range(1, length + 1)]
        worked = [day for day in days if self._is_worked(day)]
        ending = worked[len(worked) - self.last :] if self._closes(month) else []
        beginning = worked[: self.first] if self._closes((month - 2) % 12 + 1) else []
        return frozenset([*beginning, *ending])

    def _closes(self, month: int) -> bool:
        return not self.months or month in self.months

    def _is_worked(self, day: date) -> bool:
        if day in self.worked:
            return True
        is_free = day in self.holidays or day in _free_in(self.country, self.region, day.year)
        return day.weekday() in self.weekdays and not is_free


@lru_cache(maxsize=4096)
def _frozen_days(days: WorkingDays, year: int, month: int) -> frozenset[date]:
    return days.frozen_in(year, month)


def _free_in(country: str, region: str, year: int) -> frozenset[date]:
    return public_holidays(country, region, year) if country else frozenset()


@lru_cache(maxsize=2048)
def public_holidays(country: str, region: str, year: int) -> frozenset[date]:
    """Public holidays, those moved to a working day included, as the library `holidays` has them.

    Raises:
        ValueError: it knows no such country or region.
    """
    import holidays  # noqa: PLC0415 - only calendars with a country pay for what it takes to load

    regions = holidays.list_supported_countries().get(country)
    if regions is None:
        raise ValueError(f"no holidays are known of the country '{country}'")
    if region and region not in regions:
        known = f"known are {', '.join(sorted(regions))}" if regions else "it has none"
        raise ValueError(f"no holidays are known of the region '{region}' of {country}; {known}")
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))
