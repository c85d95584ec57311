"""When a source counts as silent or too small, and when a day as out of the ordinary."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from monitor.core.breaks import BreakKind, Severity
from monitor.core.statistics import Statistics, StreamDay, StreamProfile
from tests.watches.streams import DEALS, NOW, PROJECTS, build, found

YESTERDAY = NOW.date() - timedelta(days=1)
TODAY = NOW.date()


def weeks(count: Callable[[date], int], days: int = 70) -> dict[date, StreamDay]:
    """A history up to and with today."""
    past = (TODAY - timedelta(days=number) for number in range(days))
    return {day: StreamDay(arrived=count(day)) for day in past}


def office_days(day: date) -> int:
    return 40 if day.weekday() < 5 else 2


def statistics(days: dict[date, StreamDay], last_row_at: datetime = NOW) -> Statistics:
    return Statistics(profiles={DEALS: StreamProfile(last_row_at=last_row_at)}, days={DEALS: days})


def said(watch_name: str, days: dict[date, StreamDay], now: datetime = NOW) -> list[str | None]:
    return [each.actual for each in found(build(watch_name), statistics(days), now)]


TUESDAY = NOW + timedelta(days=1)
"""On which yesterday was a Monday."""


def test_a_weekday_without_rows_is_a_silence() -> None:
    days = weeks(office_days)
    days[TODAY] = StreamDay()
    assert said("silent_source", days, TUESDAY) == [f"0 on {TODAY}"]


def test_a_small_day_is_found_and_a_usual_one_is_not() -> None:
    days = weeks(office_days)
    assert said("silent_source", days, TUESDAY) == []
    days[TODAY] = StreamDay(arrived=3, changed=2)
    assert said("silent_source", days, TUESDAY) == [f"5 on {TODAY}"]


def test_a_sunday_is_compared_with_sundays() -> None:
    days = weeks(office_days)
    assert TODAY.weekday() == 0
    assert said("silent_source", days, NOW) == []
    assert said("volume", days, NOW) == []


def test_changes_of_known_records_are_a_sign_of_life() -> None:
    days = weeks(office_days)
    days[TODAY] = StreamDay(arrived=0, changed=38)
    assert said("silent_source", days, TUESDAY) == []


def test_today_is_not_over() -> None:
    days = weeks(office_days)
    days[TODAY] = StreamDay()
    assert said("silent_source", days, NOW) == []


def test_a_day_that_was_not_read_to_its_end_is_not_judged() -> None:
    days = weeks(office_days)
    days[TODAY] = StreamDay()
    watch = build("silent_source")
    assert found(watch, statistics(days), NOW + timedelta(hours=11)) == []
    assert len(found(watch, statistics(days), NOW + timedelta(hours=12))) == 1


def test_a_blind_stream_is_not_called_silent() -> None:
    days = weeks(office_days)
    days[TODAY] = StreamDay()
    for check in ("silent_source", "volume"):
        assert found(build(check), statistics(days), TUESDAY, seen=[PROJECTS]) == []


def test_without_a_history_nothing_is_said() -> None:
    days = weeks(office_days, days=20)
    days[TODAY] = StreamDay()
    assert said("silent_source", days, TUESDAY) == []
    assert said("volume", days, TUESDAY) == []


def test_one_odd_week_in_the_history_changes_nothing() -> None:
    days = weeks(office_days)
    for number in range(7, 14):
        days[TODAY - timedelta(days=number)] = StreamDay(arrived=4000)
    assert said("volume", days, TUESDAY) == []
    days[TODAY] = StreamDay(arrived=400)
    assert said("volume", days, TUESDAY) == [f"400 on {TODAY}"]


def test_a_holiday_of_the_calendar_may_be_empty() -> None:
    days = weeks(lambda day: 40)
    days[YESTERDAY] = StreamDay()
    watch = build("silent_source", calendar="office")
    assert YESTERDAY.weekday() == 6
    assert found(watch, statistics(days)) == []
    assert len(found(build("silent_source"), statistics(days))) == 1


def test_silence_counts_in_working_time() -> None:
    friday = NOW - timedelta(days=3)
    watch = build("silent_source", silent_after="9h", calendar="office")
    seen = statistics({}, last_row_at=friday)
    monday_morning = NOW.replace(hour=10)
    assert found(watch, seen, monday_morning) == []
    (finding,) = found(watch, seen, NOW.replace(hour=13))
    assert finding.actual == f"none since {friday:%Y-%m-%d} 12:00 UTC"
    assert finding.since == NOW.replace(hour=13)


def test_a_source_that_shrank_is_found_by_its_listings() -> None:
    days = {
        TODAY - timedelta(days=number): StreamDay(population=1000 + number)
        for number in range(1, 10)
    }
    assert said("silent_source", {**days, TODAY: StreamDay(population=600)}) == []
    assert said("silent_source", {**days, TODAY: StreamDay(population=380)}) == [
        "60 % fewer rows in all"
    ]


def test_a_hint_is_of_no_other_severity_whatever_the_settings_say() -> None:
    days = weeks(office_days)
    days[TODAY] = StreamDay(arrived=400)
    (hint,) = found(build("volume"), statistics(days), TUESDAY)
    assert (hint.kind, hint.severity) == (BreakKind.ANOMALY, Severity.INFO)
    with pytest.raises(ValueError, match="severity"):
        build("volume", severity="critical")


def test_more_weeks_cannot_be_needed_than_are_looked_at() -> None:
    for check in ("silent_source", "volume", "latency"):
        with pytest.raises(ValueError, match="'least_weeks' asks for more weeks"):
            build(check, weeks=4, least_weeks=5)


def test_text_stays_the_same_while_the_trouble_does() -> None:
    days = weeks(office_days)
    days[TODAY] = StreamDay()
    watch, seen = build("silent_source"), statistics(days)
    (before,) = found(watch, seen, TUESDAY)
    (after,) = found(watch, seen, TUESDAY + timedelta(hours=9))
    assert replace(before) == after
