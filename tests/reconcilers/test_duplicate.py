from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.breaks import BreakKind
from tests.reconcilers.scene import Row, Scene, at, findings, row, rule


def project(record: str, born: float, amount: int = 100, number: str | None = "P-1") -> Row:
    return row(
        "OPP-1",
        record,
        keys=["deal:OPP-1", f"number:{number}"],
        number=number,
        created_at=at(born),
        amount=Decimal(amount),
        currency="EUR",
    )


BY_DEAL = rule("duplicate", stream="psa.project", key="deal")
BY_FIELDS = rule("duplicate", stream="psa.project", by=["number", "amount"])


def test_a_second_project_of_a_deal_is_a_duplicate_worth_its_own_amount() -> None:
    scene = Scene({"psa.project": [project("2", -1, amount=70), project("1", -5)]})
    (finding,) = findings(BY_DEAL, scene)
    assert finding.kind is BreakKind.DUPLICATE
    assert (finding.system, finding.stream, finding.record_id) == ("psa", "project", "2")
    assert (finding.expected, finding.actual) == ("1", "2")
    assert (finding.value_at_risk, finding.currency) == (Decimal(70), "EUR")
    assert (finding.owner, finding.since) == ("delivery", at(-1))


def test_a_third_copy_does_not_make_it_another_break() -> None:
    two = Scene({"psa.project": [project("1", -5), project("2", -3)]})
    three = Scene({"psa.project": [project("10", -1), project("1", -5), project("2", -3)]})
    (before,), (after,) = findings(BY_DEAL, two), findings(BY_DEAL, three)
    assert after.fingerprint == before.fingerprint
    assert after.actual == "2, 10"
    assert after.value_at_risk == Decimal(200)


def test_of_two_born_at_once_the_shorter_id_is_the_original() -> None:
    scene = Scene({"psa.project": [project("10", -5), project("9", -5)]})
    (finding,) = findings(BY_DEAL, scene)
    assert (finding.expected, finding.actual) == ("9", "10")


def test_a_record_that_uses_its_key_in_both_roles_is_no_copy_of_itself() -> None:
    both_roles = row("OPP-1", "1", keys=["deal:OPP-1", "deal:OPP-1"])
    assert findings(BY_DEAL, Scene({"psa.project": [both_roles]})) == ()


def test_one_project_is_no_duplicate_nor_are_those_of_two_deals() -> None:
    other = row("OPP-2", "2", keys=["deal:OPP-2"], number="P-1", amount=Decimal(100))
    scene = Scene({"psa.project": [project("1", -5), other]})
    assert findings(BY_DEAL, scene) == findings(BY_FIELDS, scene) == ()


def test_equal_decimals_are_one_value_and_a_missing_one_is_equal_to_none() -> None:
    equal = [
        {**project("1", -5), "amount": Decimal("100.0")},
        {**project("2", -1), "amount": Decimal("100.000000")},
    ]
    assert len(findings(BY_FIELDS, Scene({"psa.project": equal}))) == 1
    nameless = [project("1", -5, number=None), project("2", -1, number=None)]
    assert findings(BY_FIELDS, Scene({"psa.project": nameless})) == ()


def test_two_shared_keys_are_one_duplicate() -> None:
    copies = [
        row("OPP-1", record, keys=["deal:A", "deal:B"], created_at=at(-5)) for record in ("1", "2")
    ]
    assert len(findings(BY_DEAL, Scene({"psa.project": copies}))) == 1


def test_without_money_of_its_own_the_whole_deal_is_at_risk() -> None:
    deal = row("OPP-1", "006A", amount=Decimal(5000), currency="USD")
    copies = [row("OPP-1", record, keys=["deal:OPP-1"]) for record in ("1", "2")]
    (finding,) = findings(BY_DEAL, Scene({"psa.project": copies, "crm.opportunity": [deal]}))
    assert (finding.value_at_risk, finding.currency) == (Decimal(5000), "USD")


def test_records_outside_the_condition_do_not_count() -> None:
    asked = rule("duplicate", stream="psa.project", key="deal", where={"status": "active"})
    copies = [{**project("1", -5), "status": "active"}, {**project("2", -1), "status": "closed"}]
    assert findings(asked, Scene({"psa.project": copies})) == ()


@given(st.lists(st.sampled_from("ABCD"), max_size=9))
def test_every_number_that_stands_twice_is_found_once(numbers: list[str]) -> None:
    rows = [project(str(place), place, number=number) for place, number in enumerate(numbers)]
    found = findings(BY_FIELDS, Scene({"psa.project": rows}))
    twice = {number for number in numbers if numbers.count(number) > 1}
    assert {numbers[int(each.expected or "")] for each in found} == twice
    extras = [record for each in found for record in (each.actual or "").split(", ")]
    assert len(extras) == len(numbers) - len(set(numbers))


@pytest.mark.parametrize("settings", [{}, {"by": ["number"], "key": "deal"}])
def test_exactly_one_way_to_tell_records_apart_is_asked_for(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either by which fields or by which key"):
        rule("duplicate", stream="psa.project", **settings)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown field of psa\.project 'numbr'"):
        rule("duplicate", stream="psa.project", by=["numbr"])
