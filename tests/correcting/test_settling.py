"""A write of unknown outcome is looked for at its target, and never made a second time."""

from decimal import Decimal

import pytest

from monitor.core.breaks import BreakState
from monitor.core.corrections import CorrectionState, PlanState
from monitor.core.writing import Operation
from monitor.correcting.failpoints import Failpoint, arm
from monitor.correcting.working import take_turn
from monitor.store.breakers import load_breaker
from monitor.store.corrections import claims
from monitor.store.database import Database
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Mishap


class Crash(BaseException):
    """The process is gone: nothing in the code may catch it."""


@pytest.fixture
def firm(database: Database) -> CorrectedFirm:
    return CorrectedFirm(database)


def unknown(firm: CorrectedFirm, mishap: Mishap) -> str:
    """A wrong amount whose correction has an outcome that nobody knows."""
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    firm.look()
    plan = firm.approved()
    firm.target.mishaps = [mishap]
    firm.apply(plan)
    return plan


def test_a_write_whose_answer_was_lost_is_found_done_and_not_done_again(
    firm: CorrectedFirm,
) -> None:
    plan = unknown(firm, Mishap.LOST)
    assert firm.states(plan) == [CorrectionState.UNKNOWN]
    assert [each.state for each in firm.breaks()] == [BreakState.CORRECTING]
    firm.later(seconds=10)
    assert firm.settle_now() == [CorrectionState.VERIFIED]
    take_turn(firm.estate, firm.database, firm.clock)
    assert firm.plan_state(plan) is PlanState.DONE
    assert len(firm.target.ledger) == 1
    firm.cycle()
    assert firm.breaks() == []


def test_a_write_that_happens_late_is_waited_for(firm: CorrectedFirm) -> None:
    plan = unknown(firm, Mishap.LATE)
    firm.later(seconds=10)
    assert firm.settle_now() == [CorrectionState.UNKNOWN]
    firm.later(minutes=2)
    assert firm.settle_now() == [CorrectionState.VERIFIED]
    assert len(firm.target.ledger) == 1
    assert firm.states(plan) == [CorrectionState.VERIFIED]


def test_a_write_that_never_happened_has_failed_when_the_patience_is_over(
    firm: CorrectedFirm,
) -> None:
    plan = unknown(firm, Mishap.UNHEARD)
    looks = 0
    while firm.states(plan) == [CorrectionState.UNKNOWN]:
        assert [each.state for each in firm.breaks()] == [BreakState.CORRECTING]
        firm.later(minutes=1)
        looks += len(firm.settle_now())
    assert firm.clock() >= firm.entries(plan)[0].intended_at + firm.estate.corrections.patience  # type: ignore[operator]  # it was intended
    assert 3 <= looks <= 10
    assert firm.states(plan) == [CorrectionState.FAILED]
    assert [each.state for each in firm.breaks()] == [BreakState.OPEN]
    assert firm.target.ledger == []
    firm.look()
    assert "handed_over" in [each.kind for each in firm.told.notices]


def test_while_the_target_is_away_the_outcome_stays_unknown(firm: CorrectedFirm) -> None:
    plan = unknown(firm, Mishap.LOST)
    firm.target.unwatched = True
    firm.later(hours=3)
    for _ in range(3):
        firm.later(minutes=10)
        assert firm.settle_now() == [CorrectionState.UNKNOWN]
    firm.target.unwatched = False
    firm.later(minutes=10)
    assert firm.settle_now() == [CorrectionState.VERIFIED]
    assert firm.states(plan) == [CorrectionState.VERIFIED]
    assert len(firm.target.ledger) == 1


def test_a_record_that_somebody_changed_meanwhile_is_left_to_a_person(
    firm: CorrectedFirm,
) -> None:
    plan = unknown(firm, Mishap.UNHEARD)
    firm.target.edit("p-D1", amount=Decimal("3.00"))
    firm.later(hours=1)
    assert firm.settle_now() == [CorrectionState.DIFFERENT]
    assert firm.target.ledger == []
    assert firm.states(plan) == [CorrectionState.DIFFERENT]


@pytest.mark.parametrize("point", [Failpoint.AFTER_INTENT, Failpoint.AFTER_CALL])
def test_an_intent_that_a_crash_left_is_settled_by_looking(
    firm: CorrectedFirm, point: Failpoint
) -> None:
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    firm.look()
    plan = firm.approved()

    def die(reached: Failpoint) -> None:
        if reached is point:
            raise Crash

    arm(die)
    try:
        with pytest.raises(Crash):
            firm.apply(plan)
    finally:
        arm()
    assert firm.states(plan) == [CorrectionState.INTENDED]
    while firm.plan_state(plan) is not PlanState.DONE:
        firm.later(minutes=1)
        take_turn(firm.estate, firm.database, firm.clock)
    was_called = point is Failpoint.AFTER_CALL
    assert len(firm.target.ledger) == was_called
    expected = CorrectionState.VERIFIED if was_called else CorrectionState.FAILED
    assert firm.states(plan) == [expected]
    with firm.database.read() as connection:
        assert bool(claims(connection)) is not was_called
        assert load_breaker(connection, "psa").failures == 0


def test_what_others_do_waits_while_a_record_is_in_flight(firm: CorrectedFirm) -> None:
    unknown(firm, Mishap.LOST)
    assert firm.draft().plan.corrections == ()
    with firm.database.read() as connection:
        assert list(claims(connection)) == ["psa.project/p-D1"]


def test_a_created_record_whose_answer_was_lost_is_found_by_its_key(firm: CorrectedFirm) -> None:
    for deal in ("D1", "D2"):
        firm.win(deal)
    firm.staff("D2")
    firm.look()
    firm.later(hours=5)
    firm.look()
    plan = firm.approved()
    firm.target.mishaps = [Mishap.LOST]
    firm.apply(plan)
    firm.later(seconds=10)
    assert firm.settle_now() == [CorrectionState.VERIFIED]
    assert [each.operation for each in firm.target.ledger] == [Operation.CREATE]
    assert [each.native_id for each in firm.entries(plan)] == ["n-1"]
