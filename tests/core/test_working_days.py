"""On which days time runs: holidays by country and region, short days, and while books close."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.calendar import WorkingHours, working_hours
from monitor.core.flows import CalendarSettings, MonthEndSettings
from monitor.core.working_days import WorkingDays

WEEK = frozenset(range(5))
HOUR = timedelta(hours=1)


def hours(**told: object) -> WorkingHours:
    return working_hours(CalendarSettings.model_validate({"zone": "Europe/London", **told}))


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London"))


@pytest.mark.parametrize(
    ("country", "region", "day", "runs"),
    [
        ("DE", "BY", date(2026, 1, 6), False),
        ("DE", "BE", date(2026, 1, 6), True),
        ("DE", "", date(2026, 1, 6), True),
        ("DE", "", date(2026, 4, 3), False),
        ("GB", "SCT", date(2026, 11, 30), False),
        ("GB", "ENG", date(2026, 11, 30), True),
        ("US", "", date(2026, 7, 3), False),  # the Fourth of July, a Saturday, is observed
        ("US", "", date(2026, 7, 6), True),
        ("", "", date(2026, 1, 1), True),
    ],
)
def test_holidays_are_those_of_the_country_and_its_region(
    country: str, region: str, day: date, runs: bool
) -> None:
    assert (day in WorkingDays(WEEK, country=country, region=region)) is runs


def test_a_date_that_is_worked_although_it_is_free_has_a_shift() -> None:
    friday, saturday = date(2026, 4, 3), date(2026, 4, 11)
    days = WorkingDays(WEEK, country="DE", worked=frozenset({friday, saturday}))
    assert friday in days
    assert saturday in days
    assert date(2026, 4, 18) not in days


def test_on_a_short_day_time_stops_early_each_year() -> None:
    office = hours(short_days={"12-24": "13:00", "2026-12-23": "12:00"})
    for year in (2025, 2026):
        morning = london(f"{year}-12-24 09:00")
        assert office.worked_between(morning, morning + 8 * HOUR) == 4 * HOUR
    assert office.add(london("2025-12-23 11:00"), 2 * HOUR) == london("2025-12-23 13:00")
    assert office.add(london("2026-12-23 11:00"), 2 * HOUR) == london("2026-12-24 10:00")


def test_while_the_books_are_closed_no_time_runs() -> None:
    office = hours(month_end={"last": 1, "first": 3})
    # The last working day of March 2026 is Tuesday 31; the first three of April end on Friday 3.
    assert office.add(london("2026-03-30 16:00"), 2 * HOUR) == london("2026-04-06 10:00")
    assert office.add(london("2026-03-31 10:00"), HOUR) == london("2026-04-06 10:00")


def test_the_freeze_counts_working_days_of_its_own_calendar() -> None:
    # Good Friday and Easter Monday of 2026 lie among the first days of April.
    office = hours(country="GB", region="ENG", month_end={"first": 3})
    assert office.add(london("2026-03-31 16:30"), HOUR) == london("2026-04-08 09:30")


def test_a_freeze_of_quarters_leaves_the_other_months_alone() -> None:
    office = hours(month_end={"last": 1, "first": 1, "months": [3, 6, 9, 12]})
    assert office.add(london("2026-02-27 16:00"), 2 * HOUR) == london("2026-03-02 10:00")
    assert office.add(london("2026-03-30 16:00"), 2 * HOUR) == london("2026-04-02 10:00")
    assert office.add(london("2026-12-30 16:00"), 2 * HOUR) == london("2027-01-04 10:00")


@settings(max_examples=60)
@given(
    st.dates(date(2020, 1, 1), date(2030, 12, 1)),
    st.integers(0, 4),
    st.integers(0, 4),
    st.sampled_from(["", "DE", "JP", "US"]),
)
def test_a_freeze_takes_as_many_working_days_from_each_end_of_a_month_as_it_says(
    day: date, last: int, first: int, country: str
) -> None:
    plain = WorkingDays(WEEK, country=country)
    frozen = WorkingDays(WEEK, country=country, last=last, first=first)
    start = day.replace(day=1)
    month = [
        each
        for each in (start + timedelta(days=number) for number in range(31))
        if each.month == start.month and each in plain
    ]
    assert [each for each in month if each in frozen] == month[first : len(month) - last]


def test_a_freeze_of_no_days_freezes_none() -> None:
    assert WorkingDays(WEEK).frozen_in(2026, 3) == frozenset()
    assert MonthEndSettings() == MonthEndSettings(last=0, first=0)
