from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from tests.reconcilers.scene import Scene, at, findings, row, rule

LOST = {"stream": "crm.opportunity", "when": {"status": ["lost", "withdrawn"]}}
ACTIVE = {"stream": "psa.project", "when": {"status": "active"}}
ASKED = rule("contradiction", left=LOST, right=ACTIVE)


def scene(deal: str | None, *projects: str | None) -> Scene:
    left = row("OPP-1", "006A", status=deal, amount=Decimal(9), currency="EUR", modified_at=at(-2))
    right = [row("OPP-1", f"P-{i}", status=status) for i, status in enumerate(projects)]
    return Scene({"crm.opportunity": [left], "psa.project": right})


def test_an_active_project_of_a_lost_deal_is_a_contradiction() -> None:
    (finding,) = findings(ASKED, scene("Lost", "active"))
    assert finding.kind is BreakKind.CONTRADICTION
    assert (finding.system, finding.stream, finding.record_id) == ("psa", "project", "P-0")
    assert (finding.field, finding.expected, finding.actual) == ("status", "Lost", "active")
    assert (finding.value_at_risk, finding.currency) == (Decimal(9), "EUR")
    assert finding.hop == "crm.opportunity -> psa.project"
    assert (finding.owner, finding.since) == ("delivery", at(-2))


def test_it_is_gone_once_one_side_is_changed() -> None:
    assert findings(ASKED, scene("won", "active")) == ()
    assert findings(ASKED, scene("lost", "cancelled")) == ()


STATES = st.sampled_from(["won", "lost", "LOST", "active", "Active", "closed", None])


@given(STATES, st.lists(STATES, max_size=4))
def test_each_record_in_the_contradicting_state_is_found(
    deal: str | None, projects: list[str | None]
) -> None:
    found = findings(ASKED, scene(deal, *projects))
    active = [i for i, status in enumerate(projects) if status in {"active", "Active"}]
    expected = {f"P-{i}" for i in active} if deal in {"lost", "LOST"} else set()
    assert {each.record_id for each in found} == expected


def test_two_lost_deals_in_one_transaction_are_one_break() -> None:
    both = [row("OPP-1", record, status="lost") for record in ("006A", "006B")]
    twice = scene("lost", "active").with_rows(crm__opportunity=both)
    assert len(findings(ASKED, twice)) == 1


def test_a_field_that_one_side_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown field of crm\.opportunity 'billing_rule'"):
        rule("contradiction", left=LOST, right=ACTIVE, field="billing_rule")
