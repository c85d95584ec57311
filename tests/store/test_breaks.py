from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.breaks import (
    Break,
    BreakKind,
    BreakState,
    Finding,
    Severity,
    Transition,
    TransitionKind,
)
from monitor.core.errors import Permanent
from monitor.store import breaks
from monitor.store.database import Database
from tests.store.building import a_break, a_finding, at


def opened(finding: Finding, minute: float = 1) -> Transition:
    return Transition(TransitionKind.OPENED, a_break(finding), None, at(minute), "found")


def stored(database: Database, *findings: Finding) -> None:
    with database.write() as connection:
        breaks.apply_transitions(connection, [opened(each) for each in findings], "tieout")


def test_a_break_comes_out_as_it_went_in(database: Database) -> None:
    blank = a_finding(
        "OPP-2", expected=None, actual=None, value_at_risk=None, currency="", since=None
    )
    stored(database, a_finding(), blank)
    with database.read() as connection:
        found = breaks.load_breaks(connection, "sales", ["OPP-1", "OPP-2", "OPP-3"])
    assert {each.fingerprint: each for each in found} == {
        each.fingerprint: each for each in (a_break(), a_break(blank))
    }


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_any_value_at_risk_comes_back_to_the_last_digit(database: Database, value: Decimal) -> None:
    stored(database, a_finding(value_at_risk=value))
    with database.read() as connection:
        (found,) = breaks.load_breaks(connection, "sales", ["OPP-1"])
    assert found.finding.value_at_risk == value


def test_a_life_is_kept_step_by_step(database: Database) -> None:
    first = a_break(state=BreakState.SUSPECTED)
    second, third = a_break(), a_break(state=BreakState.RESOLVED)
    steps = [
        Transition(TransitionKind.SUSPECTED, first, None, at(0), "seen"),
        Transition(TransitionKind.OPENED, second, BreakState.SUSPECTED, at(1), "confirmed"),
    ]
    end = Transition(TransitionKind.RESOLVED, third, BreakState.OPEN, at(2), "gone")
    with database.write() as connection:
        breaks.apply_transitions(connection, steps, "tieout")
        evidence = {third.fingerprint: {"records": ["7"], "at": "12:00"}}
        breaks.apply_transitions(connection, [end], "ann", evidence)
        assert breaks.load_breaks(connection, "sales", ["OPP-1"]) == [third]
        history = breaks.history_of(connection, third.fingerprint)
    assert [(step.sequence, step.kind, step.before, step.after) for step in history] == [
        (1, TransitionKind.SUSPECTED, None, BreakState.SUSPECTED),
        (2, TransitionKind.OPENED, BreakState.SUSPECTED, BreakState.OPEN),
        (3, TransitionKind.RESOLVED, BreakState.OPEN, BreakState.RESOLVED),
    ]
    assert (history[2].who, history[2].why, history[2].at) == ("ann", "gone", at(2))
    assert history[2].evidence == {"records": ["7"], "at": "12:00"}


def test_no_steps_are_no_work(database: Database) -> None:
    with database.write() as connection:
        breaks.apply_transitions(connection, [], "tieout")
        assert breaks.list_breaks(connection, states=()) == []


@pytest.fixture
def several(database: Database) -> Database:
    stored(
        database,
        a_finding("OPP-1", value_at_risk=Decimal("0.1")),
        a_finding("OPP-2", value_at_risk=Decimal("0.2"), system="crm"),
        a_finding("OPP-3", value_at_risk=Decimal("9007199254740993.01"), currency="USD"),
        a_finding("OPP-4", value_at_risk=None, severity=Severity.CRITICAL, owner="sales"),
    )
    gone = a_break(a_finding("OPP-5", kind=BreakKind.MISSING), BreakState.RESOLVED)
    step = Transition(TransitionKind.RESOLVED, gone, BreakState.OPEN, at(3), "gone")
    with database.write() as connection:
        breaks.apply_transitions(connection, [step], "tieout")
    return database


def deals(found: list[Break]) -> set[str]:
    return {each.finding.transaction for each in found}


def test_breaks_are_found_by_every_filter(several: Database) -> None:
    with several.read() as connection:
        everything = {f"OPP-{number}" for number in range(1, 6)}
        assert deals(breaks.list_breaks(connection)) == everything - {"OPP-5"}
        assert deals(breaks.standing_breaks(connection)) == everything - {"OPP-5"}
        assert deals(breaks.list_breaks(connection, states=())) == everything
        for filters, expected in (
            ({"systems": ["crm"]}, {"OPP-2"}),
            ({"severities": [Severity.CRITICAL]}, {"OPP-4"}),
            ({"owner": "sales"}, {"OPP-4"}),
            ({"transaction": "OPP-3"}, {"OPP-3"}),
            ({"flow": "other"}, set()),
            ({"kinds": [BreakKind.MISSING], "states": [BreakState.RESOLVED]}, {"OPP-5"}),
        ):
            assert deals(breaks.list_breaks(connection, **filters)) == expected


@pytest.mark.parametrize("states", [(), tuple(BreakState)], ids=["all", "each"])
def test_pages_of_breaks_do_not_overlap(several: Database, states: tuple[BreakState, ...]) -> None:
    with several.read() as connection:
        pages, after = [], None
        for _ in range(3):
            pages.append(breaks.list_breaks(connection, states=states, limit=2, after=after))
            after = breaks.place_of(pages[-1][-1])
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({each.fingerprint for page in pages for each in page}) == 5


def test_open_breaks_are_counted_and_their_money_summed_exactly(several: Database) -> None:
    with several.read() as connection:
        assert breaks.open_counts(connection) == {
            (BreakKind.MISMATCH, "erp", Severity.WARNING): 2,
            (BreakKind.MISMATCH, "crm", Severity.WARNING): 1,
            (BreakKind.MISMATCH, "erp", Severity.CRITICAL): 1,
        }
        assert breaks.value_at_risk(connection) == {
            "EUR": Decimal("0.3"),
            "USD": Decimal("9007199254740993.01"),
        }


def test_a_break_is_found_by_the_start_of_its_fingerprint(several: Database) -> None:
    wanted = a_break(a_finding("OPP-2", value_at_risk=Decimal("0.2"), system="crm"))
    with several.read() as connection:
        assert breaks.find_break(connection, wanted.id) == wanted
        assert breaks.find_break(connection, "no such break") is None
        assert breaks.find_break(connection, "%") is None
        with pytest.raises(Permanent, match="more than one"):
            breaks.find_break(connection, "")


def test_a_break_seen_again_keeps_everything_but_when(database: Database) -> None:
    stored(database, a_finding())
    with database.write() as connection:
        breaks.note_seen(connection, [a_break().fingerprint], at(9))
        (found,) = breaks.load_breaks(connection, "sales", ["OPP-1"])
    assert found == replace(a_break(), seen_at=at(9))
