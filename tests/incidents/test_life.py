"""An incident from its first break to its last, as people read it."""

from datetime import timedelta

import pytest

from alerts.incident_facts import outcome_of
from monitor.core.errors import Permanent
from monitor.core.incidents import CauseKind, EventKind, IncidentState
from monitor.incidents.handling import acknowledge
from monitor.incidents.raising import raise_by_hand
from monitor.jobs import deliver_notices
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database
from tests.cycle.small_firm import SmallFirm
from tests.incidents.board import Board, look, watched_firm


def show(firm: SmallFirm) -> None:
    deliver_notices(firm.estate, firm.runtime)


def test_a_break_is_one_message_from_its_opening_to_its_end(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    show(firm)
    firm.later(minutes=125)
    firm.staff("D1")
    look(firm)
    show(firm)
    (post,) = board.posts
    assert post.shown.title.startswith("Resolved: PSA project amount")
    assert [event.kind for event in post.thread] == [EventKind.RESOLVED]
    incident = post.shown.incident
    assert incident.resolved_at is not None
    assert incident.resolved_at - incident.opened_at == timedelta(minutes=125)


def test_what_changes_is_edited_in_place(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    show(firm)
    firm.later(minutes=1)
    firm.staff("D1", amount="800.00")
    look(firm)
    show(firm)
    (post,) = board.posts
    assert "800" in post.shown.title
    assert [event.kind for event in post.thread] == [EventKind.CHANGED]


def test_hundreds_of_one_cause_are_one_message_that_shrinks(database: Database) -> None:
    firm, board = watched_firm(database)
    for number in range(300):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="1.00")
    look(firm)
    show(firm)
    (post,) = board.posts
    assert (post.shown.standing, post.shown.incident.cause.kind) == (300, CauseKind.RULE)
    assert post.shown.money == {"EUR": 300 * 999}
    firm.later(minutes=1)
    for number in range(299):
        firm.staff(f"D{number}")
    look(firm)
    show(firm)
    assert (post.shown.standing, post.shown.ever) == (1, 300)
    assert [event.why for event in post.thread] == ["299 breaks are gone, 1 left."]
    assert len(board.posts) == 1


def test_more_than_a_channel_shall_hear_wait_behind_a_digest(database: Database) -> None:
    firm, board = watched_firm(database, crowd=1000, storm={"messages": 3, "within": "10m"})
    for number in range(12):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="1.00")
    look(firm)
    for _ in range(3):
        show(firm)
    assert len(board.posts) == 4
    digest = board.posts[-1].shown
    assert digest.title == "9 more incidents"
    assert len(digest.examples) == 9
    for _ in range(5):
        firm.later(minutes=11)
        for _ in range(3):
            show(firm)
    assert len(board.posts) == 13
    assert board.posts[3].shown.title.startswith("Resolved: ")


def test_a_source_that_cannot_be_seen_is_one_incident_until_it_can(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1")
    look(firm)
    firm.psa.down = True
    for _ in range(4):
        firm.later(minutes=10)
        look(firm)
        show(firm)
    (post,) = board.posts
    assert post.shown.title == "PSA cannot be seen (project)"
    firm.psa.down = False
    firm.later(minutes=1)
    look(firm)
    show(firm)
    assert post.shown.title.startswith("Resolved: ")
    assert len(board.posts) == 1


def test_what_comes_back_soon_goes_on_in_the_same_message(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    for amount in ("900.00", "1000.00", "900.00"):
        firm.staff("D1", amount=amount)
        look(firm)
        show(firm)
        firm.later(minutes=5)
    (post,) = board.posts
    assert [event.kind for event in post.thread] == [EventKind.RESOLVED, EventKind.REOPENED]
    assert post.shown.incident.state is IncidentState.OPEN
    firm.staff("D1")
    look(firm)
    firm.later(hours=2)
    firm.staff("D1", amount="900.00")
    look(firm)
    show(firm)
    assert len(board.posts) == 2


def test_who_looks_after_it_is_shown_until_that_lapses(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    show(firm)
    (post,) = board.posts
    number = post.shown.incident.id
    acknowledge(database, number, "anna", timedelta(hours=4), firm.clock)
    show(firm)
    assert post.shown.incident.acknowledged_by == "anna"
    acknowledge(database, number, "ben", timedelta(hours=1), firm.clock)
    firm.later(hours=1)
    show(firm)
    assert [event.kind for event in post.thread] == [
        EventKind.ACKNOWLEDGED,
        EventKind.ACKNOWLEDGED,
        EventKind.LAPSED,
    ]
    assert "takes over from anna" in post.thread[1].why
    assert post.shown.incident.state is IncidentState.OPEN


def test_nobody_looks_after_what_is_over_or_never_was(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    show(firm)
    firm.staff("D1")
    look(firm)
    for number in (board.posts[0].shown.incident.id, 99):
        with pytest.raises(Permanent):
            acknowledge(database, number, "anna", timedelta(hours=1), firm.clock)


def test_what_somebody_has_to_do_by_hand_is_said_once_in_the_incident(
    database: Database,
) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    for _ in range(2):
        with database.write() as connection:
            (standing,) = standing_breaks(connection)
            why = "nobody is named the owner (correction 1)"
            raise_by_hand(connection, firm.estate, standing, why, ["people"], firm.clock())
        show(firm)
    (post,) = board.posts
    assert [event.kind for event in post.shown.history] == [
        EventKind.OPENED,
        EventKind.HANDED_OVER,
    ]
    assert "By hand: nobody is named the owner" in outcome_of(post.shown)


def test_an_empty_board_shows_nothing(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1")
    look(firm)
    show(firm)
    assert isinstance(board, Board)
    assert board.posts == []
