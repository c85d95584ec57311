"""An approved plan is written once, and what it wrote is read back before it counts as done."""

from decimal import Decimal

import pytest

from monitor.core.breaks import BreakState
from monitor.core.corrections import CorrectionState, Guard, Halt, PlanState
from monitor.core.errors import Permanent
from monitor.store.breaks import history_of
from monitor.store.corrections import claim_target, claims, steps_of
from monitor.store.database import Database
from monitor.store.halts import save_halt
from monitor.store.refusals import refusals_of
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Mishap


@pytest.fixture
def firm(sqlite_database: Database) -> CorrectedFirm:
    return CorrectedFirm(sqlite_database)


def a_wrong_budget(firm: CorrectedFirm, *deals: str) -> None:
    for deal in deals or ("D1",):
        firm.win(deal)
        firm.staff(deal, amount="1.00")
    firm.look()


def a_lost_project(firm: CorrectedFirm) -> None:
    for deal in ("D1", "D2"):
        firm.win(deal)
    firm.staff("D2")
    firm.look()
    firm.later(hours=5)
    firm.look()


def test_a_wrong_amount_is_written_once_verified_and_its_break_closes(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.apply(plan)
    assert firm.states(plan) == [CorrectionState.VERIFIED]
    assert firm.plan_state(plan) is PlanState.DONE
    assert firm.psa.rows["p-D1"].fields["amount"] == Decimal("1000.00")
    assert [each.state for each in firm.breaks()] == [BreakState.CORRECTING]
    firm.cycle()
    assert firm.breaks() == []
    assert len(firm.target.ledger) == 1


def test_a_missing_project_is_created_under_its_deals_key(firm: CorrectedFirm) -> None:
    a_lost_project(firm)
    plan = firm.approved()
    firm.apply(plan)
    firm.cycle()
    assert firm.states(plan) == [CorrectionState.VERIFIED]
    assert firm.breaks() == []
    row = firm.psa.rows["n-1"]
    assert (row.keys[0].value, row.fields["amount"]) == ("D1", Decimal("1000.00"))


def test_a_second_run_plans_nothing(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    firm.apply(firm.approved())
    firm.cycle()
    assert firm.draft().plan.corrections == ()


def test_a_record_edited_after_the_plan_is_left_alone_and_planned_anew(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.later(minutes=1)
    firm.target.edit("p-D1", amount=Decimal("7.00"))
    assert {each.guard for each in firm.apply(plan).refusals} == {Guard.CHANGED}
    assert firm.target.ledger == []
    assert firm.psa.rows["p-D1"].fields["amount"] == Decimal("7.00")
    assert firm.plan_state(plan) is PlanState.WITHDRAWN
    firm.cycle()
    assert [each.state for each in firm.breaks()] == [BreakState.OPEN]
    firm.apply(firm.approved())
    assert firm.psa.rows["p-D1"].fields["amount"] == Decimal("1000.00")


def test_a_record_edited_while_the_plan_is_applied_is_left_alone(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.target.before_look = lambda: firm.target.edit("p-D1", amount=Decimal("7.00"))
    firm.apply(plan)
    assert firm.target.ledger == []
    assert firm.states(plan) == [CorrectionState.STALE]


def test_an_edit_between_the_look_and_the_write_is_left_alone(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.target.before_apply = lambda: firm.target.edit("p-D1", amount=Decimal("7.00"))
    firm.apply(plan)
    assert firm.target.ledger == []
    assert firm.states(plan) == [CorrectionState.STALE]
    assert [each.state for each in firm.breaks()] == [BreakState.OPEN]


def test_what_somebody_has_put_right_already_is_not_written(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.target.before_look = lambda: firm.target.edit("p-D1", amount=Decimal("1000.00"))
    firm.apply(plan)
    assert firm.target.ledger == []
    assert firm.states(plan) == [CorrectionState.NEEDLESS]
    firm.cycle()
    assert firm.breaks() == []


@pytest.mark.parametrize("mishap", [Mishap.REFUSED, Mishap.BUSY])
def test_what_certainly_did_not_happen_has_failed_and_the_rest_goes_on(
    firm: CorrectedFirm, mishap: Mishap
) -> None:
    a_wrong_budget(firm, "D1", "D2")
    firm.target.mishaps = [mishap]
    plan = firm.approved()
    firm.apply(plan)
    assert sorted(firm.states(plan)) == [CorrectionState.FAILED, CorrectionState.VERIFIED]
    assert firm.plan_state(plan) is PlanState.DONE
    assert len(firm.target.ledger) == 1
    states = {each.state for each in firm.breaks()}
    assert states == {BreakState.OPEN, BreakState.CORRECTING}


def test_what_is_read_back_as_something_else_is_told_to_people(firm: CorrectedFirm) -> None:
    a_lost_project(firm)
    firm.target.mishaps = [Mishap.DISTORTED]
    plan = firm.approved()
    firm.apply(plan)
    assert firm.states(plan) == [CorrectionState.DIFFERENT]
    assert [each.state for each in firm.breaks()] == [BreakState.OPEN]
    firm.told.notices.clear()
    firm.look()
    assert [each.kind for each in firm.told.notices] == ["handed_over", "resolved"]


def test_targets_that_cannot_be_looked_at_are_not_written_to(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.target.unwatched = True
    firm.apply(plan)
    assert firm.target.ledger == []
    assert firm.states(plan) == [CorrectionState.FAILED]


def test_a_read_back_that_fails_is_made_up_for_later(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.target.before_apply = lambda: setattr(firm.target, "blind_fetches", 1)
    firm.apply(plan)
    assert firm.states(plan) == [CorrectionState.APPLIED]
    assert firm.plan_state(plan) is PlanState.APPLYING
    firm.later(seconds=10)
    assert firm.settle_now() == [CorrectionState.VERIFIED]
    assert len(firm.target.ledger) == 1


def test_the_kill_switch_stops_a_plan_between_two_writes(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm, "D1", "D2")
    plan = firm.approved()

    def halt() -> None:
        with firm.database.write() as connection:
            save_halt(connection, Halt("ann", "enough", firm.clock()))

    firm.target.before_apply = halt
    firm.apply(plan)
    assert sorted(firm.states(plan)) == [CorrectionState.DROPPED, CorrectionState.VERIFIED]
    [dropped] = [each for each in firm.entries(plan) if each.state is CorrectionState.DROPPED]
    with firm.database.read() as connection:
        [refusal] = refusals_of(connection, dropped.fingerprint)
    assert refusal.guard is Guard.KILL_SWITCH
    assert "enough" in dropped.reason


def test_a_plan_that_expires_between_two_writes_ends_there(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm, "D1", "D2")
    plan = firm.approved()
    firm.target.before_apply = lambda: firm.later(hours=5)
    firm.apply(plan)
    assert sorted(firm.states(plan)) == [CorrectionState.DROPPED, CorrectionState.VERIFIED]


def test_a_record_that_another_correction_holds_is_not_written_to(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm, "D1", "D2", "D3")
    plan = firm.approved()
    _, second, third = firm.entries(plan)

    def take() -> None:
        with firm.database.write() as connection:
            claim_target(connection, second.target, third.id)

    firm.target.before_apply = take
    firm.apply(plan)
    assert [each.state for each in firm.entries(plan)] == [
        CorrectionState.VERIFIED,
        CorrectionState.DROPPED,
        CorrectionState.VERIFIED,
    ]
    with firm.database.read() as connection:
        assert claims(connection) == {}


def test_a_plan_that_nobody_approved_is_not_applied(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.propose()
    with pytest.raises(Permanent, match="not approved"):
        firm.apply(plan)
    assert firm.target.ledger == []


def test_a_plan_that_its_requester_approved_is_refused(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    drafted = firm.draft(requester="Ann")
    plan = firm.keep(drafted)
    firm.approve(plan)
    done = firm.apply(plan)
    assert {each.guard for each in done.refusals} >= {Guard.SELF_APPROVED}
    assert firm.plan_state(plan) is PlanState.REFUSED
    assert firm.target.ledger == []


def test_a_plan_of_other_policies_is_refused(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.policies = {"budget": {"mode": "auto"}}
    firm.rebuild()
    assert {each.guard for each in firm.apply(plan).refusals} == {Guard.CHANGED}
    assert firm.target.ledger == []


def test_a_closed_window_leaves_the_plan_approved_until_its_hour(firm: CorrectedFirm) -> None:
    firm.corrections = {"allow": [{"opens": "10:00", "closes": "11:00"}]}
    firm.rebuild()
    a_wrong_budget(firm)
    plan = firm.keep(firm.draft())
    firm.approve(plan)
    assert {each.guard for each in firm.apply(plan).refusals} == {Guard.NOT_ALLOWED_NOW}
    assert firm.plan_state(plan) is PlanState.APPROVED
    firm.later(hours=2, minutes=10)
    firm.look()
    firm.apply(plan)
    assert firm.states(plan) == [CorrectionState.VERIFIED]


def test_each_step_of_a_correction_and_of_its_break_is_a_row(firm: CorrectedFirm) -> None:
    a_wrong_budget(firm)
    plan = firm.approved()
    firm.apply(plan)
    firm.cycle()
    [entry] = firm.entries(plan)
    with firm.database.read() as connection:
        steps = [(each.before, each.after) for each in steps_of(connection, entry.id)]
        life = [each.kind for each in history_of(connection, entry.fingerprint)]
    assert steps == [
        (CorrectionState.PLANNED, CorrectionState.INTENDED),
        (CorrectionState.INTENDED, CorrectionState.APPLIED),
        (CorrectionState.APPLIED, CorrectionState.VERIFIED),
    ]
    assert life == ["suspected", "opened", "correcting", "resolved"]
    assert entry.reference == "act-1"
    assert '"amount":"1.00"' in (entry.pre_image or "")
