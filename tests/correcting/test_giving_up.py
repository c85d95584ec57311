"""A write that was given up may still arrive: it is found then, and never made a second time."""

from datetime import timedelta
from decimal import Decimal

import pytest

from monitor.core.breaks import BreakState
from monitor.core.corrections import CorrectionState, Guard
from monitor.correcting.working import take_turn
from monitor.store.corrections import claims
from monitor.store.database import Database
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Mishap


@pytest.fixture
def firm(sqlite_database: Database) -> CorrectedFirm:
    return CorrectedFirm(sqlite_database, corrections={"late": "4h"})


def given_up(firm: CorrectedFirm, mishap: Mishap) -> str:
    """A correction whose write was not found in time."""
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    firm.look()
    plan = firm.approved()
    firm.target.mishaps = [mishap]
    firm.apply(plan)
    firm.later(minutes=16)
    take_turn(firm.estate, firm.database, firm.clock)
    assert firm.states(plan) == [CorrectionState.FAILED]
    return plan


def held(firm: CorrectedFirm) -> list[str]:
    with firm.database.read() as connection:
        return list(claims(connection))


def test_what_arrives_after_it_was_given_up_is_found_and_done(firm: CorrectedFirm) -> None:
    plan = given_up(firm, Mishap.VERY_LATE)
    assert [each.state for each in firm.breaks()] == [BreakState.OPEN]
    assert firm.target.ledger == []
    for _ in range(4):
        firm.later(minutes=30)
        take_turn(firm.estate, firm.database, firm.clock)
    assert len(firm.target.ledger) == 1
    assert firm.states(plan) == [CorrectionState.VERIFIED]
    assert firm.entries(plan)[0].ended_at is not None
    firm.look()
    assert firm.breaks() == []
    assert held(firm) == []


def test_nothing_else_is_written_to_the_record_while_it_may_arrive(firm: CorrectedFirm) -> None:
    given_up(firm, Mishap.VERY_LATE)
    firm.look()
    draft = firm.draft()
    assert draft.plan.corrections == ()
    assert {each.guard for each in draft.left_out} == {Guard.IN_FLIGHT}
    assert "may still arrive" in draft.left_out[0].why
    assert held(firm) == ["psa.project/p-D1"]


def test_people_are_told_until_when_it_may_arrive(firm: CorrectedFirm) -> None:
    plan = given_up(firm, Mishap.UNHEARD)
    firm.look()
    [told] = [each for each in firm.told.notices if each.kind == "handed_over"]
    until = firm.entries(plan)[0].intended_at
    assert until is not None
    until += firm.estate.corrections.patience + timedelta(hours=4)
    assert f"may still arrive until {until:%Y-%m-%d %H:%M} UTC" in str(told)


def test_what_never_arrives_lets_go_of_its_record_in_the_end(firm: CorrectedFirm) -> None:
    plan = given_up(firm, Mishap.UNHEARD)
    calls, looks = firm.target.calls, 0
    while held(firm):
        firm.later(minutes=5)
        looks += len(firm.settle_now())
    assert 4 <= looks <= 12
    assert firm.target.calls - calls == looks
    assert firm.states(plan) == [CorrectionState.FAILED]
    firm.look()
    again = firm.approved()
    firm.apply(again)
    assert firm.states(again) == [CorrectionState.VERIFIED]
    assert len(firm.target.ledger) == 1


def test_as_long_as_nobody_can_look_the_record_stays_held(firm: CorrectedFirm) -> None:
    given_up(firm, Mishap.UNHEARD)
    firm.target.unwatched = True
    for _ in range(8):
        firm.later(hours=1)
        firm.settle_now()
    assert held(firm)
    firm.target.unwatched = False
    firm.later(hours=1)
    firm.settle_now()
    assert held(firm) == []


def test_a_firm_may_choose_not_to_wait_for_it(sqlite_database: Database) -> None:
    firm = CorrectedFirm(sqlite_database, corrections={"late": "0s"})
    given_up(firm, Mishap.UNHEARD)
    assert held(firm) == []


def test_somebody_elses_edit_meanwhile_is_not_taken_for_it(firm: CorrectedFirm) -> None:
    plan = given_up(firm, Mishap.UNHEARD)
    firm.target.edit("p-D1", amount=Decimal("3.00"))
    for _ in range(6):
        firm.later(hours=1)
        firm.settle_now()
    assert firm.states(plan) == [CorrectionState.FAILED]
    assert firm.target.ledger == []


def test_a_refusal_of_what_was_done_already_is_not_believed(firm: CorrectedFirm) -> None:
    """Something in between sent the write twice, and passed the second answer on."""
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    firm.look()
    plan = firm.approved()
    firm.target.mishaps = [Mishap.REFUSED_AGAIN]
    firm.apply(plan)
    assert firm.states(plan) == [CorrectionState.VERIFIED]
    assert len(firm.target.ledger) == 1


def test_a_refusal_that_cannot_be_looked_behind_is_not_believed_either(
    firm: CorrectedFirm,
) -> None:
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    firm.look()
    plan = firm.approved()
    firm.target.mishaps = [Mishap.REFUSED_AGAIN]
    firm.target.before_apply = lambda: setattr(firm.target, "unwatched", True)
    firm.apply(plan)
    assert firm.states(plan) == [CorrectionState.UNKNOWN]
    firm.target.unwatched = False
    firm.later(minutes=1)
    firm.settle_now()
    assert firm.states(plan) == [CorrectionState.VERIFIED]
