"""Whose approval a plan needs, and whose does not count."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.approvals import POLICY, Approval, unmet
from monitor.core.corrections import Guard, Mode
from monitor.core.policies import CorrectionSettings
from tests.correcting.guarded import NOW, POLICY_DIGEST, a_plan, refused


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
