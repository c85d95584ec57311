from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.calendar import WorkingHours, plain_time, working_hours, working_time
from monitor.core.flows import CalendarSettings, MonthEndSettings
from monitor.core.ports import INSTANT

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = working_hours(
    CalendarSettings(zone="Europe/Berlin", holidays=(date(2026, 4, 3), date(2026, 4, 6)))
)
NIGHT_SHIFT = working_hours(
    CalendarSettings(zone="Europe/Berlin", opens="01:30", closes="03:30", days=("sat", "sun"))
)
AROUND_THE_CLOCK = working_hours(
    CalendarSettings(
        zone="America/Havana",
        opens="00:00",
        closes="24:00",
        days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    )
)
CLOSING = working_hours(
    CalendarSettings(
        zone="Europe/Berlin",
        country="DE",
        region="BY",
        short_days={"12-24": "13:00", "2026-12-31": "12:00"},
        month_end=MonthEndSettings(last=1, first=3),
    )
)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-18 10:00", 4, "2026-03-18 14:00"),
        ("2026-03-18 15:00", 4, "2026-03-19 11:00"),
        ("2026-03-20 15:00", 4, "2026-03-23 11:00"),
        ("2026-03-18 09:00", 8, "2026-03-18 17:00"),
        ("2026-03-18 03:00", 1, "2026-03-18 10:00"),
        ("2026-04-02 16:00", 2, "2026-04-07 10:00"),
        ("2026-03-18 17:00", 0, "2026-03-18 17:00"),
        ("2026-03-18 17:01", 0, "2026-03-19 09:00"),
        ("2026-03-18 10:00", 0, "2026-03-18 10:00"),
        ("2026-03-27 16:00", 2, "2026-03-30 10:00"),
    ],
)
def test_working_time_runs_only_in_office_hours(start: str, hours: int, due: str) -> None:
    assert OFFICE.add(berlin(start), hours * HOUR) == berlin(due)


def test_a_shift_through_the_change_to_summer_time_is_an_hour_shorter() -> None:
    saturday, sunday = berlin("2026-03-28 00:00"), berlin("2026-03-29 00:00")
    assert NIGHT_SHIFT.worked_between(saturday, sunday) == 2 * HOUR
    assert NIGHT_SHIFT.worked_between(sunday, sunday + timedelta(days=1)) == HOUR


def test_a_shift_through_the_change_to_winter_time_is_an_hour_longer() -> None:
    sunday = berlin("2026-10-25 00:00")
    assert NIGHT_SHIFT.worked_between(sunday, sunday + timedelta(days=1)) == 3 * HOUR


def test_a_shift_that_closes_in_the_hour_shown_twice_lasts_until_the_second_time() -> None:
    early = working_hours(
        CalendarSettings(zone="Europe/Berlin", opens="01:30", closes="02:30", days=("sun",))
    )
    sunday = berlin("2026-10-25 00:00")
    assert early.worked_between(sunday, sunday + timedelta(days=1)) == 2 * HOUR


def test_shifts_of_whole_days_leave_no_gap_and_count_nothing_twice() -> None:
    # Havana sets its clocks at midnight, which one date then has twice and another not at all.
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert AROUND_THE_CLOCK.worked_between(start, end) == end - start


def test_a_date_that_a_zone_left_out_has_no_shift() -> None:
    samoa = working_hours(CalendarSettings(zone="Pacific/Apia"))
    start = datetime(2011, 12, 28, 10, tzinfo=UTC)
    assert samoa.worked_between(start, start + timedelta(days=7)) == 5 * 8 * HOUR


def test_the_result_is_in_utc() -> None:
    due = working_time(CalendarSettings(zone="Asia/Kolkata")).add(berlin("2026-03-18 01:00"), HOUR)
    assert due.tzinfo is UTC
    assert due == datetime(2026, 3, 18, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "sentence"),
    [
        (CalendarSettings(days=()), "the calendar has no working days"),
        (CalendarSettings(opens="17:00"), "the calendar closes at 17:00, not after 17:00"),
        (CalendarSettings(zone="Mars"), "'Mars' is not a time zone of the IANA database"),
        (CalendarSettings(zone="../x"), "'../x' is not a time zone of the IANA database"),
        (CalendarSettings(zone=""), "'' is not a time zone of the IANA database"),
        (CalendarSettings(country="ZZ"), "no holidays are known of the country 'ZZ'"),
        (
            CalendarSettings(country="GB", region="BY"),
            "no holidays are known of the region 'BY' of GB; known are ENG, NIR, SCT, WLS",
        ),
        (CalendarSettings(region="BY"), "the region 'BY' needs a country"),
        (
            CalendarSettings(days=("mon",), month_end=MonthEndSettings(last=2, first=2)),
            "the freeze at month end leaves no working days",
        ),
        (CalendarSettings(short_days={"02-30": "13:00"}), "'02-30' is no day of a year"),
        (
            CalendarSettings(short_days={"12-24": "18:00"}),
            "the calendar closes at 18:00 on 12-24, not between 09:00 and 17:00",
        ),
    ],
)
def test_a_calendar_in_which_nobody_works_is_refused(
    calendar: CalendarSettings, sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        working_time(calendar)
    assert str(refused.value) == sentence


def test_working_time_is_not_taken_away() -> None:
    with pytest.raises(ValueError, match="cannot be taken away"):
        OFFICE.add(berlin("2026-03-18 10:00"), -HOUR)


LATEST, EARLIEST = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize("calendar", [OFFICE, NIGHT_SHIFT, AROUND_THE_CLOCK, CLOSING])
def test_the_ends_of_time_do_no_harm(calendar: WorkingHours) -> None:
    assert calendar.add(LATEST, HOUR) == LATEST
    assert EARLIEST < calendar.add(EARLIEST, HOUR) < EARLIEST + timedelta(days=10)
    assert calendar.worked_between(LATEST, LATEST) == timedelta(0)
    assert plain_time(LATEST, HOUR) == LATEST


CALENDARS = st.sampled_from([OFFICE, NIGHT_SHIFT, AROUND_THE_CLOCK, CLOSING])
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=365)).map(
    lambda since: datetime(2026, 1, 1, tzinfo=UTC) + since
)
AMOUNTS = st.timedeltas(timedelta(0), timedelta(hours=60))
"""Working time, up to a few weeks of the longer shifts."""


@settings(max_examples=60)
@given(CALENDARS, INSTANTS, AMOUNTS, AMOUNTS)
def test_more_time_or_a_later_start_never_ends_earlier(
    calendar: WorkingHours, start: datetime, less: timedelta, more: timedelta
) -> None:
    less, more = sorted((less, more))
    assert start <= calendar.add(start, less) <= calendar.add(start, more)
    assert calendar.add(start, less) <= calendar.add(start + more, less)


@settings(max_examples=60)
@given(CALENDARS, INSTANTS, AMOUNTS, AMOUNTS)
def test_two_stretches_of_time_add_up(
    calendar: WorkingHours, start: datetime, first: timedelta, second: timedelta
) -> None:
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@settings(max_examples=60)
@given(CALENDARS, INSTANTS, AMOUNTS)
def test_what_was_added_was_worked(
    calendar: WorkingHours, start: datetime, allowed: timedelta
) -> None:
    due = calendar.add(start, allowed)
    assert calendar.worked_between(start, due) == allowed
    assert due - start >= allowed


@settings(max_examples=60)
@given(CALENDARS, st.lists(INSTANTS, min_size=3, max_size=3))
def test_working_time_between_instants_adds_up(
    calendar: WorkingHours, instants: list[datetime]
) -> None:
    first, second, third = sorted(instants)
    halves = calendar.worked_between(first, second) + calendar.worked_between(second, third)
    assert calendar.worked_between(first, third) == halves
    assert calendar.worked_between(third, first) == timedelta(0)


ANY_INSTANTS = st.datetimes(timezones=st.just(UTC)) | INSTANTS


@settings(max_examples=60, deadline=None)
@given(CALENDARS, st.lists(ANY_INSTANTS | st.none(), max_size=6), AMOUNTS)
def test_a_column_of_instants_gets_what_each_would_get(
    calendar: WorkingHours, starts: list[datetime | None], allowed: timedelta
) -> None:
    due = calendar.add_all(pl.Series(starts, dtype=INSTANT), allowed)
    assert due.to_list() == [each and calendar.add(each, allowed) for each in starts]
    assert due.dtype == INSTANT


@pytest.mark.parametrize("calendar", [OFFICE, NIGHT_SHIFT, AROUND_THE_CLOCK, CLOSING])
def test_openings_and_closings_of_a_column_are_those_of_each(calendar: WorkingHours) -> None:
    edges = [
        edge + shift
        for opens, closes in islice(calendar.shifts_from(berlin("2026-03-20 00:00")), 20)
        for edge in (opens, closes)
        for shift in (-MICROSECOND, timedelta(0), MICROSECOND)
    ]
    for allowed in (timedelta(0), MICROSECOND, HOUR, 2 * HOUR, 8 * HOUR, 24 * HOUR):
        due = calendar.add_all(pl.Series(edges, dtype=INSTANT), allowed)
        assert due.to_list() == [calendar.add(each, allowed) for each in edges]


def test_a_time_that_takes_years_is_added_to_a_column_too() -> None:
    start, years = berlin("2026-03-18 10:00"), timedelta(hours=40_000)
    (due,) = OFFICE.add_all(pl.Series([start], dtype=INSTANT), years)
    assert due == OFFICE.add(start, years)
    with pytest.raises(ValueError, match="cannot be taken away"):
        OFFICE.add_all(pl.Series([start], dtype=INSTANT), -HOUR)


@settings(max_examples=40)
@given(
    calendar=st.sampled_from([OFFICE, NIGHT_SHIFT, AROUND_THE_CLOCK, CLOSING]),
    pairs=st.lists(
        st.tuples(
            # Hypothesis wants its bounds without a zone.
            st.none() | st.datetimes(datetime(2023, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - see above
            st.none() | st.timedeltas(timedelta(days=-2), timedelta(days=30)),
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_a_column_of_stretches_is_worked_like_each_of_them(
    calendar: WorkingHours, pairs: list[tuple[datetime | None, timedelta | None]]
) -> None:
    aware = [(start and start.replace(tzinfo=UTC), lasts) for start, lasts in pairs]
    ends = [None if start is None or lasts is None else start + lasts for start, lasts in aware]
    starts = [start for start, _ in aware]
    worked = calendar.worked_all(pl.Series(starts, dtype=INSTANT), pl.Series(ends, dtype=INSTANT))
    assert worked.to_list() == [
        None if start is None or end is None else calendar.worked_between(start, end)
        for start, end in zip(starts, ends, strict=True)
    ]


def test_stretches_beyond_the_usual_years_are_worked_like_any_other() -> None:
    starts = [datetime(1971, 5, 3, 8, tzinfo=UTC), datetime(2026, 5, 4, 8, tzinfo=UTC)]
    ends = [start + 9 * HOUR for start in starts]
    worked = OFFICE.worked_all(pl.Series(starts, dtype=INSTANT), pl.Series(ends, dtype=INSTANT))
    assert worked.to_list() == [8 * HOUR, 7 * HOUR]
