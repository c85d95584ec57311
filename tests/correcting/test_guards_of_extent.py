"""How much a plan may do, alone and with all others of a day."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.approvals import POLICY, Approval
from monitor.core.corrections import Fix, Guard, Mode
from monitor.correcting.guards import Moment
from monitor.correcting.situation import Spent
from tests.correcting.guarded import (
    NOW,
    POLICY_DIGEST,
    a_correction,
    a_plan,
    refused,
)


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
    limits = {"limits": {"money": 10**9}}
    assert refused(a_plan(count=1), settings=limits, money={}) == {Guard.MONEY, Guard.DAILY}
    assert refused(a_plan(count=1), money={}) == set()


def test_what_goes_by_itself_has_narrower_limits() -> None:
    policies = {"budget": {"mode": "auto", "limits": {"corrections": 2}}}
    approvals = (Approval(POLICY, True, POLICY_DIGEST, NOW),)
    for count, said in ((2, set()), (3, {Guard.COUNT})):
        plan = a_plan(count=count, mode=Mode.AUTO)
        assert refused(plan, policies=policies, approvals=approvals) == said
    assert refused(a_plan(count=3), policies=policies) == set()


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


def test_many_small_plans_do_no_more_within_a_day_than_they_may_together() -> None:
    limits = {"limits": {"corrections": 20}, "daily": {"corrections": 30}}
    assert refused(a_plan(count=10), settings=limits, spent=Spent(20)) == set()
    assert refused(a_plan(count=11), settings=limits, spent=Spent(20)) == {Guard.DAILY}
    for moment in (Moment.PROPOSAL, Moment.APPROVAL, Moment.APPLICATION):
        assert refused(a_plan(), moment, settings=limits, spent=Spent(30)) == {Guard.DAILY}


def test_nor_do_they_touch_a_larger_share_of_a_flow() -> None:
    """Deals that were touched before are not counted again."""
    limits = {"daily": {"share": 0.1}}
    others = frozenset(f"OTHER-{number}" for number in range(7))
    flow: dict[str, Any] = {"settings": limits, "transactions": 100}
    assert refused(a_plan(count=3), **flow, spent=Spent(7, others)) == set()
    assert refused(a_plan(count=4), **flow, spent=Spent(7, others)) == {Guard.DAILY}
    same = frozenset(f"OPP-{number}" for number in range(4))
    assert refused(a_plan(count=4), **flow, spent=Spent(7, same)) == set()


def test_nor_is_more_money_at_stake_within_a_day() -> None:
    limits = {"daily": {"money": 500}}
    for money, said in ((Decimal(300), set()), (Decimal("300.01"), {Guard.DAILY})):
        assert refused(a_plan(count=2), settings=limits, spent=Spent(3, money=money)) == said
    assert refused(a_plan(), settings=limits, spent=Spent(3, money=None)) == {Guard.DAILY}
    assert refused(a_plan(), settings=limits, money={}) == {Guard.DAILY}


def test_what_a_day_may_hold_is_five_full_plans_unless_it_is_said() -> None:
    assert refused(a_plan(count=20), spent=Spent(80)) == set()
    assert refused(a_plan(count=20), spent=Spent(81)) == {Guard.DAILY}
    limits = {"limits": {"money": 200}}
    assert refused(a_plan(), settings=limits, spent=Spent(1, money=Decimal(900))) == set()
    assert refused(a_plan(), settings=limits, spent=Spent(1, money=Decimal(901))) == {Guard.DAILY}


def test_what_a_person_does_is_not_counted() -> None:
    by_hand = replace(a_correction(), fix=Fix.HAND_OVER, write=None)
    assert refused(a_plan(by_hand), settings={"daily": {"corrections": 0}}) == set()
