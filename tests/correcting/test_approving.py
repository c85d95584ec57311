"""Approval: somebody else, once, of this very plan, as it would be made at that moment."""

from datetime import timedelta
from decimal import Decimal

import pytest

from monitor.core.approvals import POLICY
from monitor.core.corrections import Guard, Mode, PlanState
from monitor.core.errors import Permanent
from monitor.correcting.approving import (
    Answer,
    approve,
    approve_by_policy,
    expire_overdue,
    load_named,
    reject,
)
from monitor.correcting.halting import halt
from monitor.correcting.keeping import keep_draft
from monitor.store.audit import verify_audit
from monitor.store.schema import audit
from tests.correcting.firm import CORRECTIONS, POLICIES, Firm


@pytest.fixture
def proposed(firm: Firm) -> str:
    """The hash of a plan that mends a wrong amount; rita asked for it."""
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    return propose(firm)


def propose(firm: Firm, **asked: object) -> str:
    kept = keep_draft(firm.draft(**asked), firm.database, firm.clock)
    assert kept.state is PlanState.PROPOSED
    return kept.plan.hash


def say_yes(firm: Firm, plan: str, who: str = "ann") -> Answer:
    return approve(firm.estate, firm.database, plan, who, "looks right", firm.clock)


def state_of(firm: Firm, plan: str) -> PlanState:
    return load_named(firm.estate, firm.database, plan).state


def guards(answer: Answer) -> set[Guard]:
    return {each.guard for each in answer.refusals}


def deeds(firm: Firm) -> list[tuple[str, str]]:
    """Who did what, as the audit log has it."""
    with firm.database.read() as connection:
        assert verify_audit(connection) is None
        rows = connection.execute(audit.select().order_by(audit.c.sequence)).all()
    return [(row.who, row.action) for row in rows if row.subject.startswith("plan ")]


def test_somebody_else_approves_by_the_start_of_the_hash(firm: Firm, proposed: str) -> None:
    answer = say_yes(firm, proposed[:12])
    assert (answer.plan, answer.state, answer.lacking) == (proposed, PlanState.APPROVED, ())
    assert state_of(firm, proposed) is PlanState.APPROVED
    assert deeds(firm) == [("rita", "propose"), ("ann", "approve")]


@pytest.mark.parametrize("name", ["rita", "Rita", "rita "])
def test_who_asked_cannot_approve(firm: Firm, proposed: str, name: str) -> None:
    firm.change(corrections={**CORRECTIONS, "approvers": {"rita": {}, "ann": {}}})
    fresh = keep_draft(
        firm.draft(fingerprints=[firm.breaks()[0].fingerprint]), firm.database, firm.clock
    )
    assert fresh.state is None  # the first plan still speaks for it
    answer = say_yes(firm, proposed, name)
    assert Guard.SELF_APPROVED in guards(answer)
    assert state_of(firm, proposed) is PlanState.PROPOSED
    assert deeds(firm)[-1] == (name, "approval_refused")


def test_who_is_no_approver_cannot_approve(firm: Firm, proposed: str) -> None:
    answer = say_yes(firm, proposed, "mallory")
    assert guards(answer) == {Guard.NOT_APPROVED}
    assert state_of(firm, proposed) is PlanState.PROPOSED


def test_nobody_approves_twice(firm: Firm) -> None:
    firm.change(corrections={**CORRECTIONS, "quorum": [{"approvals": 2}]})
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    plan = propose(firm)
    first = say_yes(firm, plan)
    assert (first.state, first.lacking) == (PlanState.PROPOSED, ("1 more approval",))
    assert guards(say_yes(firm, plan)) == {Guard.NOT_APPROVED}
    assert state_of(firm, plan) is PlanState.PROPOSED
    assert say_yes(firm, plan, "bob").state is PlanState.APPROVED


def test_a_record_that_somebody_edited_withdraws_the_plan(firm: Firm, proposed: str) -> None:
    firm.psa.edit("p-OPP-3", name="Renamed")
    answer = say_yes(firm, proposed)
    assert (answer.state, guards(answer)) == (PlanState.WITHDRAWN, {Guard.CHANGED})
    assert state_of(firm, proposed) is PlanState.WITHDRAWN
    firm.later(minutes=1)
    again = propose(firm)
    assert say_yes(firm, again).state is PlanState.APPROVED


def test_an_owner_who_says_something_else_withdraws_the_plan(firm: Firm, proposed: str) -> None:
    firm.crm.edit("o-OPP-3", amount=Decimal("1200.00"))
    assert say_yes(firm, proposed).state is PlanState.WITHDRAWN


def test_a_break_that_somebody_mended_withdraws_the_plan(firm: Firm, proposed: str) -> None:
    firm.psa.edit("p-OPP-3", amount=Decimal("1000.00"))
    answer = say_yes(firm, proposed)
    assert (answer.state, guards(answer)) == (PlanState.WITHDRAWN, {Guard.CHANGED})


def test_another_policy_withdraws_the_plan(firm: Firm, proposed: str) -> None:
    firm.change(corrections={**CORRECTIONS, "shrunken": 0.1})
    assert say_yes(firm, proposed).state is PlanState.WITHDRAWN


def test_a_flow_that_is_gone_withdraws_the_plan(firm: Firm, proposed: str) -> None:
    object.__setattr__(firm.estate, "flows", ())
    assert say_yes(firm, proposed).state is PlanState.WITHDRAWN


def test_what_cannot_be_seen_is_approved_later(firm: Firm, proposed: str) -> None:
    firm.psa.down = True
    answer = say_yes(firm, proposed)
    assert (answer.state, guards(answer)) == (PlanState.PROPOSED, {Guard.BLIND_SOURCE})
    firm.psa.down = False
    assert say_yes(firm, proposed).state is PlanState.APPROVED


def test_nothing_is_approved_while_everything_is_halted(firm: Firm, proposed: str) -> None:
    halt(firm.database, "eve", "audit", firm.clock)
    answer = say_yes(firm, proposed)
    assert (answer.state, guards(answer)) == (PlanState.PROPOSED, {Guard.KILL_SWITCH})


def test_a_plan_may_be_approved_before_its_hour(firm: Firm) -> None:
    firm.change(corrections={**CORRECTIONS, "allow": [{"opens": "22:00", "closes": "23:00"}]})
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    assert say_yes(firm, propose(firm)).state is PlanState.APPROVED


def test_a_plan_that_nobody_approved_in_time_expires(firm: Firm, proposed: str) -> None:
    firm.later(hours=3, minutes=59)
    assert expire_overdue(firm.database, firm.clock) == ()
    firm.later(minutes=1)
    [ended] = expire_overdue(firm.database, firm.clock)
    assert ended.hash == proposed
    assert expire_overdue(firm.database, firm.clock) == ()
    assert say_yes(firm, proposed).state is PlanState.EXPIRED
    assert ("tieout", "expire") in deeds(firm)


def test_a_plan_that_is_late_is_not_approved_though_nobody_ended_it(
    firm: Firm, proposed: str
) -> None:
    firm.later(hours=4)
    answer = say_yes(firm, proposed)
    assert Guard.EXPIRED in guards(answer)
    assert state_of(firm, proposed) is PlanState.EXPIRED


def test_an_approved_plan_expires_too(firm: Firm, proposed: str) -> None:
    say_yes(firm, proposed)
    firm.clock.advance(timedelta(hours=4))
    [ended] = expire_overdue(firm.database, firm.clock)
    assert ended.state is PlanState.APPROVED
    assert state_of(firm, proposed) is PlanState.EXPIRED


def test_a_no_ends_the_plan_and_frees_its_breaks(firm: Firm, proposed: str) -> None:
    answer = reject(firm.estate, firm.database, proposed, "bob", "wrong month", firm.clock)
    assert answer.state is PlanState.REJECTED
    assert guards(say_yes(firm, proposed)) == {Guard.NOT_APPROVED}
    assert load_named(firm.estate, firm.database, proposed).entry.ended_why == "bob: wrong month"
    firm.later(minutes=1)
    assert propose(firm) != proposed


def test_an_approved_plan_can_still_be_rejected(firm: Firm, proposed: str) -> None:
    say_yes(firm, proposed)
    answer = reject(firm.estate, firm.database, proposed, "bob", "wait", firm.clock)
    assert answer.state is PlanState.REJECTED


def test_who_asked_may_withdraw(firm: Firm, proposed: str) -> None:
    answer = reject(firm.estate, firm.database, proposed, "rita", "mistaken", firm.clock)
    assert answer.state is PlanState.WITHDRAWN
    assert deeds(firm)[-1] == ("rita", "withdraw")


def test_a_stranger_can_neither_reject_nor_withdraw(firm: Firm, proposed: str) -> None:
    answer = reject(firm.estate, firm.database, proposed, "mallory", "no", firm.clock)
    assert guards(answer) == {Guard.NOT_APPROVED}
    assert state_of(firm, proposed) is PlanState.PROPOSED


def test_a_plan_is_named_by_enough_of_its_hash(firm: Firm, proposed: str) -> None:
    with pytest.raises(Permanent, match="at least 12 digits"):
        say_yes(firm, proposed[:11])
    with pytest.raises(Permanent, match="no plan is called"):
        say_yes(firm, "0" * 64)


def test_policies_approve_what_may_go_by_itself(firm: Firm) -> None:
    firm.change(policies={**POLICIES, "budget": {"mode": "auto"}})
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    plan = propose(firm, mode=Mode.AUTO, requester="tieout")
    assert guards(say_yes(firm, plan)) == {Guard.NOT_APPROVED}
    answer = approve_by_policy(firm.estate, firm.database, plan, firm.clock)
    assert answer.state is PlanState.APPROVED
    [said] = load_named(firm.estate, firm.database, plan).approvals
    assert (said.who, said.why) == (POLICY, firm.estate.flows[0].policies_digest)


def test_policies_never_approve_what_waits_for_people(firm: Firm, proposed: str) -> None:
    answer = approve_by_policy(firm.estate, firm.database, proposed, firm.clock)
    assert guards(answer) == {Guard.NOT_APPROVED}
    assert state_of(firm, proposed) is PlanState.PROPOSED


def test_money_decides_how_many_have_to_approve(firm: Firm) -> None:
    quorum = [{"approvals": 1}, {"above": 100, "approvals": 2, "role": "finance"}]
    firm.change(corrections={**CORRECTIONS, "quorum": quorum})
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    plan = propose(firm)
    assert say_yes(firm, plan, "bob").state is PlanState.PROPOSED
    third = say_yes(firm, plan, "cy")
    assert third.lacking == ("an approval by somebody of the role finance",)
    assert say_yes(firm, plan, "ann").state is PlanState.APPROVED


def test_money_in_another_currency_counts_in_the_firms(firm: Firm) -> None:
    firm.change(
        corrections={**CORRECTIONS, "quorum": [{"above": 91}, {"above": 90, "approvals": 2}]}
    )
    for native_id in ("o-OPP-3", "p-OPP-3"):
        system = firm.crm if native_id.startswith("o") else firm.psa
        system.edit(native_id, currency="USD")
    firm.psa.edit("p-OPP-3", amount=Decimal("900.00"))
    firm.settle_down()
    drafted = firm.draft()
    assert drafted.money == Decimal("90.00")
    assert drafted.lacking == ("2 approvals",)
