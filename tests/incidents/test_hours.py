"""Who hears of what at which time: routes by working hours, quiet hours, shifts."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import Severity
from monitor.core.calendar import working_hours
from monitor.core.duty import is_working, next_closing, next_opening
from monitor.core.flows import CalendarSettings
from monitor.core.incidents import EventKind
from monitor.incidents.handling import acknowledge
from monitor.store.database import Database
from tests.incidents.team import break_deal, repair_deal, team_firm, tell, turn

DAY = {"channels": ["team"], "hours": "within"}
NIGHT = {"channels": ["pager"], "hours": "outside"}
MICROSECOND = timedelta(microseconds=1)

HOURS = st.sampled_from(
    [
        CalendarSettings(),
        CalendarSettings(zone="America/New_York", country="US"),
        CalendarSettings(zone="Europe/Berlin", opens="00:00", closes="24:00"),
        CalendarSettings(days=("sat", "sun"), opens="00:00", closes="24:00"),
    ]
)


@given(HOURS, st.integers(0, 60 * 24 * 400))
def test_working_time_ends_where_the_next_closing_says_and_begins_at_the_next_opening(
    calendar: CalendarSettings, minutes: int
) -> None:
    hours = working_hours(calendar)
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    if is_working(hours, now):
        closing = next_closing(hours, now)
        assert closing is not None
        assert not is_working(hours, closing)
        assert is_working(hours, closing - MICROSECOND)
    else:
        assert next_closing(hours, now) == now
        opening = next_opening(hours, now)
        assert is_working(hours, opening)
        assert not is_working(hours, opening - MICROSECOND)


def test_a_calendar_without_an_end_never_closes() -> None:
    always = CalendarSettings(
        days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), opens="00:00", closes="24:00"
    )
    hours = working_hours(always)
    assert next_closing(hours, datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) is None


def test_at_night_the_pager_is_told_and_in_the_morning_the_team_hears_what_still_stands(
    database: Database,
) -> None:
    firm, boards = team_firm(database, DAY, NIGHT, crowd=1000)
    break_deal(firm, "D1")
    break_deal(firm, "D2")
    turn(firm)  # at eight
    assert len(boards["pager"].posts) == 2
    assert boards["team"].posts == []
    repair_deal(firm, "D1")
    turn(firm, minutes=30)
    tell(firm, minutes=30)
    assert [post.shown.title for post in boards["team"].posts] == [boards["pager"].titles()[1]]


def test_during_the_day_the_pager_is_left_alone_until_the_office_closes(
    database: Database,
) -> None:
    firm, boards = team_firm(database, DAY, NIGHT)
    firm.later(hours=2)
    break_deal(firm, "D1")
    turn(firm)
    assert len(boards["team"].posts) == 1
    assert boards["pager"].posts == []
    tell(firm, hours=7, minutes=1)
    assert len(boards["pager"].posts) == 1


def test_in_quiet_hours_what_can_wait_waits_and_comes_as_a_few_and_a_digest(
    database: Database,
) -> None:
    firm, boards = team_firm(
        database,
        {"channels": ["team"]},
        crowd=1000,
        storm={"messages": 3, "within": "10m"},
        quiet=[{"calendar": "office"}],
    )
    for number in range(12):
        break_deal(firm, f"D{number}")
    turn(firm)
    tell(firm, minutes=30)
    assert boards["team"].posts == []
    tell(firm, minutes=30)
    tell(firm)
    assert len(boards["team"].posts) == 4
    assert boards["team"].titles()[3] == "9 more incidents"


def test_in_quiet_hours_what_is_urgent_is_told_at_once_and_what_is_edited_waits(
    database: Database,
) -> None:
    firm, boards = team_firm(
        database,
        {"channels": ["team"]},
        quiet=[{"calendar": "office", "below": "critical"}],
        urgency=[{"severity": "critical", "at_risk": {"EUR": "500"}}],
    )
    break_deal(firm, "D1", "100.00")
    break_deal(firm, "D2")
    turn(firm)
    (post,) = boards["team"].posts
    assert post.shown.incident.severity is Severity.CRITICAL
    firm.staff("D1", amount="900.00")
    turn(firm, minutes=10)
    assert post.edits == 0
    tell(firm, minutes=50)
    assert post.edits == 1
    assert len(boards["team"].posts) == 2


SHIFTS = {
    "delivery": [
        {"name": "Europe", "calendar": "europe"},
        {"name": "America", "calendar": "america"},
    ]
}


def test_at_a_change_of_shift_people_are_told_who_holds_what_stands(database: Database) -> None:
    firm, boards = team_firm(database, {"channels": ["team"]}, shifts=SHIFTS)
    break_deal(firm, "D1")
    turn(firm)
    (post,) = boards["team"].posts
    assert post.shown.incident.on_shift == "Europe"
    acknowledge(database, post.shown.incident.id, "anna", timedelta(days=2), firm.clock)
    tell(firm, hours=5, minutes=59)
    tell(firm, minutes=1, seconds=1)
    assert post.shown.incident.on_shift == "America"
    assert post.thread[-1].kind is EventKind.SHIFTED
    assert post.thread[-1].why == "It is with America now, after Europe; anna looks after it."
    edits = post.edits
    tell(firm, hours=10)
    assert post.edits == edits  # between two shifts it stays with the one that had it
    tell(firm, hours=6, minutes=1)
    assert post.shown.incident.on_shift == "Europe"
