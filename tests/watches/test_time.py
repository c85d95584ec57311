"""Clocks that are wrong, and rows dated back."""

from datetime import timedelta

import pytest

from monitor.core.model import KeyRole, KeyUse, Record, StreamId
from monitor.core.profiling import Fresh, days_of, late_rows, profile_rows
from monitor.core.statistics import ClockReading, LateRow, Statistics, StreamDay, StreamProfile
from tests.watches.streams import DEALS, NOW, PROJECTS, build, found

HOUR = timedelta(hours=1)


def clocks(**ahead: timedelta) -> Statistics:
    streams = {"crm": DEALS, "psa": PROJECTS}
    return Statistics(
        profiles={
            streams[system]: StreamProfile(clock=ClockReading(difference, NOW))
            for system, difference in ahead.items()
        }
    )


def test_a_clock_beyond_the_tolerance_is_found_in_either_direction() -> None:
    watch = build("clock_skew", tolerance="30s")
    seen = clocks(crm=timedelta(seconds=95), psa=timedelta(seconds=-40))
    assert [(each.transaction, each.field, each.actual) for each in found(watch, seen)] == [
        ("source:crm", "clock", "more than 1m ahead"),
        ("source:psa", "clock", "more than 30s behind"),
    ]


def test_a_clock_within_the_tolerance_is_right() -> None:
    watch = build("clock_skew", tolerance="30s")
    assert found(watch, clocks(crm=timedelta(seconds=30), psa=timedelta(seconds=-29))) == []


def test_the_latest_reading_of_a_system_counts() -> None:
    other = StreamId("crm", "accounts")
    wrong = StreamProfile(clock=ClockReading(HOUR, NOW - HOUR))
    right = StreamProfile(clock=ClockReading(timedelta(0), NOW))
    seen = Statistics(profiles={DEALS: wrong, other: right})
    assert found(build("clock_skew"), seen, seen=[DEALS, other]) == []
    assert len(found(build("clock_skew"), seen, seen=[DEALS])) == 1


def test_a_clock_that_drifts_on_is_not_told_anew_every_time() -> None:
    watch = build("clock_skew")
    (first,) = found(watch, clocks(crm=timedelta(seconds=130)))
    (second,) = found(watch, clocks(crm=timedelta(seconds=170)))
    assert first == second


def test_a_clock_of_a_system_that_is_not_watched_may_be_wrong() -> None:
    assert found(build("clock_skew", systems=["psa"]), clocks(crm=HOUR)) == []
    with pytest.raises(ValueError, match="unknown system 'crn'"):
        build("clock_skew", systems=["crn"])


def record(native_id: str, created: timedelta, modified: timedelta) -> Record:
    keys = (KeyUse(KeyRole.DEFINES, "deal", native_id),)
    fields = {"created_at": NOW - created}
    return Record(DEALS, "opportunity", native_id, fields, keys, NOW - modified)


def test_a_record_that_comes_after_the_look_that_should_have_shown_it_is_late() -> None:
    old = record("1", created=10 * HOUR, modified=HOUR / 2)
    new = record("2", created=HOUR / 2, modified=HOUR / 2)
    (late,) = late_rows(Fresh(arrived=[old, new]), NOW - HOUR, NOW)
    assert (late.native_id, late.behind) == ("1", 9 * HOUR)


def test_a_change_is_late_by_the_stamp_of_the_change() -> None:
    found_late = record("1", created=100 * HOUR, modified=5 * HOUR)
    in_time = record("2", created=100 * HOUR, modified=HOUR / 2)
    late = late_rows(Fresh(changed=[found_late, in_time]), NOW - HOUR, NOW)
    assert [(row.native_id, row.behind) for row in late] == [("1", 4 * HOUR)]


def test_nothing_is_late_at_the_first_look() -> None:
    assert late_rows(Fresh(arrived=[record("1", 90 * HOUR, 90 * HOUR)]), None, NOW) == []


def test_rows_count_for_the_day_on_which_they_came_to_be_visible() -> None:
    read_until = NOW - timedelta(days=3)
    stamps = [NOW - timedelta(days=9), NOW - timedelta(days=2), NOW + timedelta(days=1), None]
    days = days_of(stamps, read_until, NOW)
    today = NOW.date()
    assert days == {
        today - timedelta(days=3): 1,
        today - timedelta(days=2): 1,
        today: 2,
    }


def test_the_last_row_is_the_youngest_in_whatever_order_pages_come() -> None:
    old, young = record("1", 9 * HOUR, 9 * HOUR), record("2", 2 * HOUR, 2 * HOUR)
    profile = StreamProfile()
    for each in (young, old):
        profile = profile_rows(profile, Fresh(arrived=[each]), None, NOW)
    assert profile.last_row_at == NOW - 2 * HOUR


def late_days(*rows: tuple[str, float]) -> Statistics:
    late = [
        LateRow(name, NOW - timedelta(days=days), NOW, timedelta(days=days)) for name, days in rows
    ]
    return Statistics(days={DEALS: {NOW.date(): StreamDay(late=late)}})


def test_rows_dated_back_further_than_allowed_are_named_the_oldest_first() -> None:
    watch = build("back_dated", allow="3d")
    seen = late_days(("a", 2), ("b", 10), ("c", 40))
    (finding,) = found(watch, seen)
    assert finding.actual == "c stamped 2026-02-04, b stamped 2026-03-06"
    assert found(watch, late_days(("a", 2))) == []


def test_many_of_them_are_counted() -> None:
    watch = build("back_dated")
    (finding,) = found(watch, late_days(*((f"r{number}", 5) for number in range(6))))
    assert (finding.actual or "").startswith("6 rows, the oldest r0 stamped")


def test_they_are_reported_for_a_while_only() -> None:
    watch = build("back_dated", stands="7d")
    seen = late_days(("a", 5))
    assert len(found(watch, seen, NOW + timedelta(days=7))) == 1
    assert found(watch, seen, NOW + timedelta(days=7, seconds=1)) == []
