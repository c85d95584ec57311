"""Each guard alone: what it stops, what it lets through, and that all of them are asked."""

from datetime import timedelta

import pytest

from monitor.core.approvals import POLICY, Approval
from monitor.core.corrections import Guard, Halt, Mode
from monitor.core.model import StreamId
from monitor.core.sight import Blindness
from monitor.correcting.guards import ASKED, GUARDS, Moment, examine
from monitor.correcting.situation import Population
from tests.correcting.firm import PROJECT
from tests.correcting.guarded import (
    NOW,
    POLICY_DIGEST,
    a_correction,
    a_plan,
    a_situation,
    an_update,
    refused,
)

NOT_IN_TABLE = {Guard.UNABLE, Guard.EFFECT_EXISTS}


def test_every_guard_is_in_the_table_or_keeps_breaks_out_of_plans() -> None:
    assert set(GUARDS) == set(Guard) - NOT_IN_TABLE
    assert ASKED[Moment.APPLICATION] == set(GUARDS)
    assert ASKED[Moment.PROPOSAL] < ASKED[Moment.APPROVAL] < ASKED[Moment.APPLICATION]


@pytest.mark.parametrize("moment", Moment)
def test_a_sound_plan_is_let_through(moment: Moment) -> None:
    assert refused(a_plan(count=20), moment) == set()


def test_all_that_speaks_against_a_plan_is_said() -> None:
    plan = a_plan(count=60)
    told = examine(
        plan,
        a_situation(plan, halt=Halt("eve", "audit", NOW), blind={PROJECT: Blindness.STALE}),
        Moment.PROPOSAL,
    )
    assert {each.guard for each in told} == {
        Guard.KILL_SWITCH,
        Guard.COUNT,
        Guard.SHARE,
        Guard.BLIND_SOURCE,
    }
    assert all(each.why for each in told)


def test_nothing_is_done_while_somebody_holds_everything() -> None:
    halted = Halt("eve", "the auditors are here", NOW)
    for moment in Moment:
        assert refused(a_plan(), moment, halt=halted) == {Guard.KILL_SWITCH}


def test_a_rule_without_a_policy_is_never_corrected() -> None:
    assert refused(a_plan(), policies={}) == {Guard.MODE}
    assert refused(a_plan(), policies={"budget": {"mode": "observe"}}) == {Guard.MODE}


def test_what_waits_for_people_never_goes_by_itself() -> None:
    approvals = (Approval(POLICY, True, POLICY_DIGEST, NOW),)
    by_itself = a_plan(mode=Mode.AUTO)
    assert refused(by_itself, approvals=approvals) == {Guard.MODE}
    assert refused(by_itself, approvals=approvals, policies={"budget": {"mode": "auto"}}) == set()


def test_nothing_is_undone_without_a_person() -> None:
    undoing = a_correction(undoes=7)
    assert refused(a_plan(undoing), policies={}) == set()
    approvals = (Approval(POLICY, True, POLICY_DIGEST, NOW),)
    assert refused(a_plan(undoing, mode=Mode.AUTO), approvals=approvals) == {Guard.MODE}


@pytest.mark.parametrize("why", Blindness)
def test_nothing_is_corrected_from_a_blind_source(why: Blindness) -> None:
    assert refused(a_plan(), blind={PROJECT: why}) == {Guard.BLIND_SOURCE}


def test_an_emptied_source_is_not_believed() -> None:
    assert refused(a_plan(), populations={PROJECT: Population(0, 100)}) == {Guard.EMPTY_SOURCE}
    assert refused(a_plan(), populations={PROJECT: Population(0, 0)}) == {Guard.EMPTY_SOURCE}


def test_a_source_that_lost_much_is_not_believed() -> None:
    assert refused(a_plan(), populations={PROJECT: Population(70, 100)}) == set()
    shrunken = {PROJECT: Population(69, 100)}
    assert refused(a_plan(), populations=shrunken) == {Guard.SHRUNKEN_SOURCE}
    assert refused(a_plan(), populations={PROJECT: Population(150, 100)}) == set()


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_broken_clock_stops_everything(minutes: int) -> None:
    apart = timedelta(minutes=minutes)
    assert refused(a_plan(), clocks={"psa": apart}) == {Guard.CLOCK}
    assert refused(a_plan(), clocks={"psa": apart / 2}) == set()


def test_a_clock_that_went_back_stops_everything() -> None:
    assert refused(a_plan(), newest=NOW + timedelta(minutes=6)) == {Guard.CLOCK}
    assert refused(a_plan(), newest=NOW + timedelta(minutes=4)) == set()


def test_one_record_is_never_written_by_two_corrections() -> None:
    plan = a_plan(count=2)
    busy = {plan.corrections[1].fingerprint: "correction 7 is at its record"}
    told = examine(plan, a_situation(plan, busy=busy), Moment.PROPOSAL)
    assert [(each.guard, each.fingerprint) for each in told] == [
        (Guard.IN_FLIGHT, plan.corrections[1].fingerprint)
    ]
    same = a_plan(a_correction(1), a_correction(2, an_update(1)))
    assert refused(same) == {Guard.IN_FLIGHT}


def test_what_breaks_again_and_again_is_left_to_who_mends_the_flow() -> None:
    plan = a_plan()
    for times, said in ((2, set()), (3, {Guard.FIX_LOOP})):
        assert refused(plan, repairs={plan.corrections[0].fingerprint: times}) == said


def test_a_target_that_failed_again_and_again_rests() -> None:
    until = NOW + timedelta(minutes=10)
    assert refused(a_plan(), resting={"psa": until}) == {Guard.BREAKER_OPEN}
    assert refused(a_plan(), Moment.WRITE, resting={"psa": until}) == {Guard.BREAKER_OPEN}
    assert refused(a_plan(), resting={"crm": until}) == set()


def test_a_plan_holds_for_the_policies_and_records_that_it_was_made_of() -> None:
    assert refused(a_plan(), policies_digest="e" * 64) == {Guard.CHANGED}
    plan = a_plan()
    changed = {plan.corrections[0].fingerprint: "its records say something else"}
    assert refused(plan, changed=changed) == {Guard.CHANGED}


def test_a_stream_is_named_as_people_write_it() -> None:
    plan = a_plan()
    [told] = examine(
        plan,
        a_situation(plan, blind={StreamId("psa", "project"): Blindness.STALE}),
        Moment.PROPOSAL,
    )
    assert told.why == "psa.project cannot be seen: stale"
