"""What people are told of an incident beside itself, from a small firm's own store."""

from dataclasses import replace

import pytest

from monitor.core.breaks import LIVE_STATES
from monitor.core.circumstances import HopState
from monitor.core.incidents import IncidentState, Message
from monitor.incidents.circumstances import complete_message
from monitor.incidents.showing import show_incidents
from monitor.store import breaks
from monitor.store.database import Database
from monitor.store.incident_causes import load_cause
from monitor.store.incidents import list_incidents
from tests.cycle.small_firm import SmallFirm
from tests.incidents.board import look, watched_firm

RUNBOOK = "https://wiki.example/amounts"


def told_of(firm: SmallFirm, database: Database) -> Message:
    """The newest incident."""
    with database.read() as connection:
        newest = list_incidents(connection, list(IncidentState))[0]
    message = complete_message(firm.estate, database, newest.id, firm.clock())
    assert message is not None
    return message


def broken_firm(database: Database) -> SmallFirm:
    """A deal whose project has another amount."""
    firm, _ = watched_firm(database)
    firm.win("D1")
    firm.staff("D1")
    look(firm)
    firm.staff("D1", amount="900.00")
    firm.later(minutes=1)
    look(firm)
    return firm


def test_a_message_says_where_the_deal_is_and_what_is_wrong_there(database: Database) -> None:
    known = told_of(broken_firm(database), database).circumstances
    assert known.deal == "D1"
    assert [step.state for step in known.way] == [HopState.DONE, HopState.MISSING]
    assert known.way[-1].record != ""
    assert all(step.at is not None for step in known.way)


def test_a_deal_that_did_not_arrive_is_stuck_where_it_is_missing(database: Database) -> None:
    firm, _ = watched_firm(database)
    firm.win("D1")
    firm.later(hours=100)
    look(firm)
    way = told_of(firm, database).circumstances.way
    assert [step.state for step in way] == [HopState.DONE, HopState.MISSING]
    assert way[-1].record == ""


def test_the_likely_cause_names_the_change_that_brought_it(database: Database) -> None:
    cause = told_of(broken_firm(database), database).circumstances.cause
    assert "900.00" in cause.likely
    assert "1,000.00" in cause.likely
    assert cause.remedy


def test_a_reason_is_worked_out_once_and_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = broken_firm(database)
    message = told_of(firm, database)
    first = message.circumstances.cause
    monkeypatch.setattr("monitor.incidents.circumstances.explain", _never)
    assert told_of(firm, database).circumstances.cause == first
    with database.read() as connection:
        (standing,) = breaks.list_breaks(connection, states=LIVE_STATES, limit=5)
        assert (
            load_cause(connection, message.incident.id, standing.fingerprint, standing.episode)
            == first
        )


def _never(*_: object) -> None:
    raise AssertionError("worked out again")


def test_every_channel_is_told_the_circumstances(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    show_incidents(firm.estate, database, firm.clock)
    (post,) = board.posts
    assert post.shown.circumstances.deal == "D1"
    assert post.shown.circumstances.cause.likely


@pytest.mark.parametrize("named", ["rule", "mismatch", "deal", "any"])
def test_the_runbook_is_that_of_the_rule_the_kind_the_cause_or_any(
    database: Database, named: str
) -> None:
    firm = broken_firm(database)
    rule = told_of(firm, database).worst
    assert rule is not None
    name = rule.rule if named == "rule" else named
    settings = {
        "links": {"runbooks": {name: RUNBOOK}, "dashboard": "https://g.example/d/x?f={flow}"}
    }
    incidents = type(firm.estate.incidents).model_validate(settings)
    firm.estate = replace(firm.estate, incidents=incidents)
    known = told_of(firm, database).circumstances
    assert known.runbook == RUNBOOK
    assert known.dashboard.startswith("https://g.example/d/x?f=")
    assert "{" not in known.dashboard


def test_what_is_over_keeps_its_way_and_needs_no_reason(database: Database) -> None:
    firm = broken_firm(database)
    firm.staff("D1")
    firm.later(minutes=1)
    look(firm)
    known = told_of(firm, database).circumstances
    assert [step.state for step in known.way] == [HopState.DONE, HopState.DONE]
    assert known.repaired_by == ""
