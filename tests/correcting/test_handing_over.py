"""What no write can repair is told to a person, once, with everything needed."""

from dataclasses import replace

import pytest

from monitor.core.breaks import BreakState
from monitor.core.corrections import CorrectionState, PlanState
from monitor.core.incidents import EventKind
from monitor.core.notices import NoticeKind
from monitor.store.database import Database
from monitor.store.incident_contents import incidents_of
from monitor.store.incidents import events_of
from tests.correcting.small import CorrectedFirm


@pytest.fixture
def firm(database: Database) -> CorrectedFirm:
    firm = CorrectedFirm(database)
    firm.win("D1")
    firm.staff("D1")
    firm.staff("D9")
    firm.look()
    return firm


def test_a_person_is_told_once_and_the_break_stays_open(firm: CorrectedFirm) -> None:
    plan = firm.approved()
    firm.told.notices.clear()
    firm.apply(plan)
    firm.look()
    firm.look()
    assert firm.states(plan) == [CorrectionState.HANDED_OVER]
    assert firm.plan_state(plan) is PlanState.DONE
    [notice] = firm.told.notices
    assert notice.kind is NoticeKind.HANDED_OVER
    assert notice.title.startswith("By hand: ")
    assert (notice.rule, notice.record_id) == ("orphan", "p-D9")
    (entry,) = firm.entries(plan)
    assert f"(correction {entry.id})" in notice.why
    assert [each.state for each in firm.breaks()] == [BreakState.OPEN]
    assert firm.target.ledger == []


def test_channels_that_nobody_named_leave_it_to_the_routes(firm: CorrectedFirm) -> None:
    firm.corrections = {"tell": []}
    firm.rebuild()
    plan = firm.approved()
    firm.told.notices.clear()
    firm.apply(plan)
    firm.look()
    assert firm.told.notices == []  # the firm's routes do not carry what is handed over
    assert firm.states(plan) == [CorrectionState.HANDED_OVER]


def test_the_incident_says_everything_that_somebody_needs(firm: CorrectedFirm) -> None:
    firm.win("D2")
    firm.staff("D2", amount="1.00")
    firm.look()
    firm.policies = {"budget": {"mode": "propose", "fix": "hand_over"}}
    firm.rebuild()
    firm.estate = replace(firm.estate, address="https://tieout.example")
    plan = firm.approved()
    firm.apply(plan)
    with firm.database.read() as connection:
        numbers = {
            number
            for each in firm.breaks()
            for number in incidents_of(connection, {each.fingerprint}).values()
        }
        said = [
            event.why
            for number in sorted(numbers)
            for event in events_of(connection, number)
            if event.kind is EventKind.HANDED_OVER
        ]
    (entry,) = firm.entries(plan)
    assert said == [
        (
            f"its policy leaves it to a person (correction {entry.id}). Where: psa project p-D2,"
            " field amount, deal D2. It says 1.00; it should say 1,000.00. Owner: delivery."
            " https://tieout.example/transactions/D2"
        )
    ]
