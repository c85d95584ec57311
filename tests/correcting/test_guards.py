"""Each guard alone: what it stops, what it lets through, and that all of them are asked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.approvals import POLICY, Approval, unmet
from monitor.core.corrections import Correction, Fix, Guard, Halt, Mode, Plan
from monitor.core.model import StreamId, Value
from monitor.core.policies import CorrectionSettings, PolicySettings, WindowSettings
from monitor.core.sight import Blindness
from monitor.core.writing import Operation, Write
from monitor.correcting.guards import ASKED, GUARDS, Moment, examine
from monitor.correcting.guards.times import is_within
from monitor.correcting.situation import Population, Situation
from tests.correcting.firm import PROJECT, key_of

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
POLICY_DIGEST = "d" * 64
NOT_IN_TABLE = {Guard.UNABLE, Guard.EFFECT_EXISTS}


def an_update(number: int = 1, **after: Value) -> Write:
    given_ones = after or {"amount": Decimal(1)}
    return Write(
        Operation.UPDATE,
        PROJECT,
        f"p-{number}",
        (key_of(f"OPP-{number}"),),
        "v",
        dict.fromkeys(given_ones),
        given_ones,
    )


def a_correction(number: int = 1, write: Write | None = None, **changes: Any) -> Correction:
    made = Correction(
        fingerprint=f"{number:024}",
        break_id=f"{number:010}",
        transaction=f"OPP-{number}",
        rule="budget",
        fix=Fix.UPDATE,
        write=write or an_update(number),
        value_at_risk=Decimal(100),
        currency="EUR",
        why="the owner says so",
    )
    return replace(made, **changes)


def a_plan(*corrections: Correction, count: int = 1, **changes: Any) -> Plan:
    made = Plan(
        flow="sales",
        mode=Mode.PROPOSE,
        requester="rita",
        made_at=NOW,
        expires_at=NOW + timedelta(hours=4),
        policies=POLICY_DIGEST,
        corrections=corrections or tuple(a_correction(number) for number in range(count)),
    )
    return replace(made, **changes)


def a_situation(plan: Plan, **changes: Any) -> Situation:
    """One in which nothing speaks against the plan."""
    policies = changes.pop("policies", {"budget": {"mode": "propose"}})
    settings = {"approvers": {"ann": {"roles": ["finance"]}, "bob": {}}, "limits": {"share": 0.05}}
    settings |= changes.pop("settings", {})
    made = Situation(
        now=NOW,
        settings=CorrectionSettings.model_validate(settings),
        policies={name: PolicySettings.model_validate(each) for name, each in policies.items()},
        policies_digest=POLICY_DIGEST,
        transactions=1000,
        money={each.fingerprint: Decimal(100) for each in plan.corrections},
        populations={PROJECT: Population(100, 100)},
        clocks={"psa": timedelta(seconds=1)},
        newest=NOW,
        approvals=(Approval("ann", True, "fine", NOW),),
    )
    return replace(made, **changes)


def refused(plan: Plan, moment: Moment = Moment.APPLICATION, **changes: Any) -> set[Guard]:
    return {each.guard for each in examine(plan, a_situation(plan, **changes), moment)}


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


def test_more_corrections_than_the_limit_are_refused() -> None:
    assert refused(a_plan(count=20)) == set()
    assert refused(a_plan(count=21)) == {Guard.COUNT}


def test_a_share_of_the_flow_beyond_the_limit_is_refused() -> None:
    assert refused(a_plan(count=5), transactions=100) == set()
    assert refused(a_plan(count=6), transactions=100) == {Guard.SHARE}
    assert refused(a_plan(count=1), transactions=3) == set()


def test_several_breaks_of_one_deal_are_one_share() -> None:
    of_one_deal = [a_correction(number, transaction="OPP-1") for number in range(6)]
    assert refused(a_plan(*of_one_deal), transactions=100) == set()


def test_money_beyond_the_limit_is_refused() -> None:
    limits = {"limits": {"money": 200}}
    assert refused(a_plan(count=2), settings=limits) == set()
    assert refused(a_plan(count=3), settings=limits) == {Guard.MONEY}


def test_money_that_cannot_be_stated_is_too_much() -> None:
    assert refused(a_plan(count=1), settings={"limits": {"money": 10**9}}, money={}) == {
        Guard.MONEY
    }
    assert refused(a_plan(count=1), money={}) == set()


def test_what_goes_by_itself_has_narrower_limits() -> None:
    policies = {"budget": {"mode": "auto", "limits": {"corrections": 2}}}
    approvals = (Approval(POLICY, True, POLICY_DIGEST, NOW),)
    for count, said in ((2, set()), (3, {Guard.COUNT})):
        plan = a_plan(count=count, mode=Mode.AUTO)
        assert refused(plan, policies=policies, approvals=approvals) == said
    assert refused(a_plan(count=3), policies=policies) == set()


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


def test_nothing_is_applied_outside_the_allowed_hours() -> None:
    nights = {"allow": [{"opens": "22:00", "closes": "06:00"}]}
    assert refused(a_plan(), settings=nights) == {Guard.NOT_ALLOWED_NOW}
    assert refused(a_plan(), Moment.WRITE, settings=nights) == {Guard.NOT_ALLOWED_NOW}
    assert refused(a_plan(), settings={"allow": [{"days": ["wed"]}]}) == set()


def test_denial_wins_over_allowance() -> None:
    both = {"allow": [{}], "deny": [{"since": "2026-03-01", "until": "2026-03-05"}]}
    assert refused(a_plan(), settings=both) == {Guard.DENIED_NOW}


@pytest.mark.parametrize(
    ("window", "moment", "within"),
    [
        ({}, "2026-03-04T00:00", True),
        ({"opens": "09:00", "closes": "17:00"}, "2026-03-04T09:00", True),
        ({"opens": "09:00", "closes": "17:00"}, "2026-03-04T17:00", False),
        ({"days": ["wed"], "opens": "22:00", "closes": "06:00"}, "2026-03-05T05:59", True),
        ({"days": ["wed"], "opens": "22:00", "closes": "06:00"}, "2026-03-04T05:59", False),
        ({"days": ["wed"], "opens": "22:00", "closes": "06:00"}, "2026-03-04T22:00", True),
        ({"opens": "09:00", "closes": "10:00", "zone": "Europe/Berlin"}, "2026-07-01T07:30", True),
        ({"opens": "09:00", "closes": "10:00", "zone": "Europe/Berlin"}, "2026-01-01T07:30", False),
        ({"since": "2026-03-05"}, "2026-03-04T23:59", False),
        ({"until": "2026-03-04"}, "2026-03-04T23:59", True),
        ({"until": "2026-03-04"}, "2026-03-05T00:00", False),
    ],
)
def test_a_window_holds_what_it_says(window: dict[str, Any], moment: str, within: bool) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert is_within(WindowSettings.model_validate(window), now) is within


CLOSED = {"periods": {"psa.project": {"field": "start_on", "closed_until": "2026-02-28"}}}


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        (date(2026, 2, 28), None, True),
        (date(2026, 3, 1), None, False),
        (date(2026, 3, 1), date(2026, 2, 28), True),
        (date(2026, 2, 28), date(2026, 3, 1), True),
        (date(2026, 3, 1), date(2026, 3, 2), False),
        (None, None, True),
    ],
)
def test_nothing_in_a_closed_period_is_touched_or_moved_into_one(
    before: date | None, after: date | None, is_refused: bool
) -> None:
    write = an_update(1, **({} if after is None else {"start_on": after}))
    plan = a_plan(a_correction(1, write))
    dates = {plan.corrections[0].fingerprint: before}
    said = refused(plan, settings=CLOSED, dates=dates)
    assert said == ({Guard.CLOSED_PERIOD} if is_refused else set())


@pytest.mark.parametrize(
    ("start_on", "is_refused"),
    [(date(2026, 2, 1), True), (date(2026, 3, 1), False), (None, True)],
)
def test_nothing_is_created_in_a_closed_period(start_on: date | None, is_refused: bool) -> None:
    write = Write(Operation.CREATE, PROJECT, "", (key_of("OPP-1"),), "", {}, {"start_on": start_on})
    said = refused(a_plan(a_correction(1, write)), settings=CLOSED)
    assert said == ({Guard.CLOSED_PERIOD} if is_refused else set())


def test_other_streams_have_no_closed_periods() -> None:
    other = {"periods": {"crm.opportunity": CLOSED["periods"]["psa.project"]}}
    assert refused(a_plan(), settings=other) == set()


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


def test_an_old_plan_is_not_applied() -> None:
    plan = a_plan()
    assert refused(plan, now=plan.expires_at - timedelta(seconds=1)) == set()
    assert refused(plan, now=plan.expires_at) == {Guard.EXPIRED}
    assert refused(plan, Moment.WRITE, now=plan.expires_at) == {Guard.EXPIRED}


def test_a_plan_holds_for_the_policies_and_records_that_it_was_made_of() -> None:
    assert refused(a_plan(), policies_digest="e" * 64) == {Guard.CHANGED}
    plan = a_plan()
    changed = {plan.corrections[0].fingerprint: "its records say something else"}
    assert refused(plan, changed=changed) == {Guard.CHANGED}


@pytest.mark.parametrize("name", ["rita", "Rita", " RITA "])
def test_nobody_approves_what_they_asked_for(name: str) -> None:
    settings: dict[str, Any] = {"approvers": {"rita": {}, "ann": {}}}
    said = refused(a_plan(), settings=settings, approvals=(Approval(name, True, "", NOW),))
    assert said == {Guard.SELF_APPROVED, Guard.NOT_APPROVED}


def test_a_plan_without_enough_approvals_is_not_applied() -> None:
    assert refused(a_plan(), approvals=()) == {Guard.NOT_APPROVED}
    stranger = (Approval("mallory", True, "", NOW),)
    assert refused(a_plan(), approvals=stranger) == {Guard.NOT_APPROVED}
    said_no = (Approval("ann", True, "", NOW), Approval("bob", False, "no", NOW))
    assert refused(a_plan(), approvals=said_no) == {Guard.NOT_APPROVED}


def test_more_money_needs_more_people() -> None:
    quorum = {
        "quorum": [{"approvals": 1}, {"above": 150, "approvals": 2, "role": "finance"}],
        "approvers": {"ann": {"roles": ["finance"]}, "bob": {}, "cy": {}},
    }
    ann, bob, cy = (Approval(name, True, "", NOW) for name in ("ann", "bob", "cy"))
    small, large = a_plan(count=1), a_plan(count=2)
    assert refused(small, settings=quorum, approvals=(bob,)) == set()
    assert refused(large, settings=quorum, approvals=(bob,)) == {Guard.NOT_APPROVED}
    assert refused(large, settings=quorum, approvals=(bob, cy)) == {Guard.NOT_APPROVED}
    assert refused(large, settings=quorum, approvals=(bob, ann)) == set()
    assert refused(small, settings=quorum, approvals=(bob,), money={}) == {Guard.NOT_APPROVED}


def test_policies_stand_in_for_people_only_as_they_are_in_force() -> None:
    plan, policies = a_plan(mode=Mode.AUTO), {"budget": {"mode": "auto"}}
    old = (Approval(POLICY, True, "e" * 64, NOW),)
    assert refused(plan, policies=policies, approvals=old) == {Guard.NOT_APPROVED}
    people = (Approval("ann", True, POLICY_DIGEST, NOW),)
    assert refused(plan, policies=policies, approvals=people) == {Guard.NOT_APPROVED}


NAMES = st.sampled_from(["ann", "bob", "cy", "dan"])


@given(st.lists(NAMES), st.lists(NAMES), st.decimals(0, 1000, places=2))
def test_another_approval_never_makes_a_plan_lack_more(
    said: list[str], more: list[str], money: Decimal
) -> None:
    settings = CorrectionSettings.model_validate(
        {
            "approvers": {"ann": {"roles": ["finance"]}, "bob": {}, "cy": {}},
            "quorum": [{"approvals": 1}, {"above": 500, "approvals": 2, "role": "finance"}],
        }
    )
    before = unmet(settings.quorum, settings.approvers, said, money)
    after = unmet(settings.quorum, settings.approvers, [*said, *more], money)
    assert len(after) <= len(before)
    assert unmet(settings.quorum, settings.approvers, said * 3, money) == before


def test_without_approvers_nothing_is_ever_approved() -> None:
    assert unmet((), {}, ["ann"], Decimal(0)) == ["1 approval"]


@given(
    count=st.integers(1, 40),
    transactions=st.integers(1, 100),
    corrections=st.integers(0, 30),
    share=st.floats(0, 1),
)
def test_no_plan_passes_beyond_any_of_its_limits(
    count: int, transactions: int, corrections: int, share: float
) -> None:
    limits = {"limits": {"corrections": corrections, "share": share}}
    said = refused(a_plan(count=count), settings=limits, transactions=transactions)
    assert (Guard.COUNT in said) is (count > corrections)
    assert (Guard.SHARE in said) is (count > 1 and count > share * transactions)


def test_a_stream_is_named_as_people_write_it() -> None:
    plan = a_plan()
    [told] = examine(
        plan,
        a_situation(plan, blind={StreamId("psa", "project"): Blindness.STALE}),
        Moment.PROPOSAL,
    )
    assert told.why == "psa.project cannot be seen: stale"
