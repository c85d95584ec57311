from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.amounts import EXACT
from monitor.core.breaks import BreakKind
from monitor.core.model import FieldType, StreamId, Value
from reconcilers.comparison import FieldComparison, comparison, difference
from reconcilers.mismatch import MismatchSettings, build
from tests.reconcilers.scene import CONTEXT, FRAME_TYPES, Scene, at, findings, row, rule

LEFT, RIGHT = "crm.opportunity", "psa.project"


def ask(fields: dict[str, Any], scene: Scene, **settings: Any) -> list[tuple[str, str, Any, Any]]:
    asked = rule("mismatch", left=LEFT, right=RIGHT, fields=fields, **settings)
    found = findings(asked, scene)
    return [(each.record_id, each.field, each.expected, each.actual) for each in found]


def pair(left: dict[str, Any], right: dict[str, Any]) -> Scene:
    return Scene({LEFT: [row("OPP-1", "L", **left)], RIGHT: [row("OPP-1", "R", **right)]})


def test_a_different_amount_is_found_with_both_values_and_the_difference_at_risk() -> None:
    scene = pair(
        {"amount": Decimal("1000"), "currency": "EUR", "modified_at": at(-5)},
        {"amount": Decimal("1200.50"), "currency": "eur", "modified_at": at(-3)},
    )
    asked = rule("mismatch", left=LEFT, right=RIGHT, fields={"amount": {}}, severity="critical")
    (finding,) = findings(asked, scene)
    assert finding.kind is BreakKind.MISMATCH
    assert finding.severity == "critical"
    assert (finding.system, finding.stream, finding.entity) == ("psa", "project", "project")
    assert (finding.record_id, finding.field) == ("R", "amount")
    assert (finding.expected, finding.actual) == ("1000", "1200.5")
    assert (finding.value_at_risk, finding.currency) == (Decimal("200.5"), "EUR")
    assert finding.hop == "crm.opportunity -> psa.project"
    assert (finding.owner, finding.since) == ("delivery", at(-3))


def test_the_side_that_is_not_of_record_is_wrong() -> None:
    scene = pair({"amount": Decimal(1)}, {"amount": Decimal(2)})
    assert ask({"amount": {}}, scene, of_record="right") == [("L", "amount", "2", "1")]


def test_the_flow_says_for_each_field_who_owns_it_unless_the_rule_does() -> None:
    names = {"name": RIGHT, "amount": LEFT, "currency": "erp.invoice"}
    owned = replace(CONTEXT, of_record={name: StreamId.parse(each) for name, each in names.items()})
    fields: dict[str, Any] = {"name": {}, "amount": {}, "currency": {}}
    values: dict[str, Any] = {"check": "mismatch", "left": LEFT, "right": RIGHT, "fields": fields}
    left = {"name": "One", "amount": Decimal(1), "currency": "EUR"}
    scene = pair(left, {"name": "Two", "amount": Decimal(2), "currency": "USD"})

    def wrong(**settings: Any) -> set[tuple[str, str, str]]:
        asked = build("the-rule", MismatchSettings.model_validate({**values, **settings}), owned)
        found = findings(asked, scene)
        return {(each.field, each.system, each.owner) for each in found}

    assert wrong() == {
        ("name", "crm", "sales"),
        ("amount", "psa", "delivery"),
        ("currency", "psa", "delivery"),
    }
    assert {system for _, system, _ in wrong(of_record="left")} == {"psa"}
    assert {system for _, system, _ in wrong(of_record="right")} == {"crm"}


def test_the_whole_deal_is_at_risk_where_the_difference_is_no_money() -> None:
    scene = pair(
        {"amount": Decimal(1000), "currency": "EUR", "name": "Alpha"},
        {"amount": Decimal(1000), "currency": "USD", "name": "Beta"},
    )
    asked = rule("mismatch", left=LEFT, right=RIGHT, fields={"name": {}, "currency": {}})
    money = [(each.value_at_risk, each.currency) for each in findings(asked, scene)]
    assert money == [(Decimal(1000), "EUR"), (Decimal(1000), "EUR")]


def test_a_difference_between_two_currencies_is_no_amount() -> None:
    scene = pair(
        {"amount": Decimal(1000), "currency": "EUR"}, {"amount": Decimal(900), "currency": "USD"}
    )
    asked = rule("mismatch", left=LEFT, right=RIGHT, fields={"amount": {}})
    (finding,) = findings(asked, scene)
    assert (finding.value_at_risk, finding.currency) == (Decimal(1000), "EUR")


def test_a_difference_without_a_currency_is_in_that_of_the_deal() -> None:
    asked = rule(
        "mismatch",
        left="erp.change_order",
        right="crm.change_order",
        fields={"amount": {}},
    )
    scene = Scene(
        {
            "crm.opportunity": [row("OPP-1", "006A", amount=Decimal(1000), currency="CHF")],
            "erp.change_order": [row("OPP-1", "1", amount=Decimal(5))],
            "crm.change_order": [row("OPP-1", "2", amount=Decimal(7))],
        }
    )
    (finding,) = findings(asked, scene)
    assert (finding.value_at_risk, finding.currency) == (Decimal(2), "CHF")


def test_a_share_is_one_of_the_owners_value() -> None:
    fields = {"amount": {"relative": "0.1"}}
    scene = pair({"amount": Decimal(100)}, {"amount": Decimal(111)})
    assert len(ask(fields, scene)) == 1
    assert ask(fields, scene, of_record="right") == []


def test_absence_of_a_record_is_no_mismatch() -> None:
    left = row("OPP-1", "L", amount=Decimal(1))
    right = row("OPP-2", "R", amount=Decimal(2))
    assert ask({"amount": {}}, Scene({LEFT: [left], RIGHT: [right]})) == []


def test_a_value_that_is_not_there_is_a_value_like_any_other() -> None:
    assert ask({"amount": {}}, pair({"amount": None}, {"amount": None})) == []
    scene = pair({"amount": Decimal(1)}, {"amount": None})
    assert ask({"amount": {}}, scene) == [("R", "amount", "1", None)]
    assert ask({"amount": {}}, scene, of_record="right") == [("L", "amount", None, "1")]


def test_each_of_several_records_is_compared() -> None:
    scene = Scene(
        {
            LEFT: [row("OPP-1", "L", amount=Decimal(5))],
            RIGHT: [
                row("OPP-1", "A", amount=Decimal(5)),
                row("OPP-1", "B", amount=Decimal(6)),
                row("OPP-1", "C", amount=Decimal(7)),
            ],
        }
    )
    assert ask({"amount": {}}, scene) == [("B", "amount", "5", "6"), ("C", "amount", "5", "7")]


def test_a_record_that_contradicts_two_owners_is_one_break() -> None:
    scene = Scene(
        {
            LEFT: [row("OPP-1", "10", amount=Decimal(3)), row("OPP-1", "9", amount=Decimal(4))],
            RIGHT: [row("OPP-1", "R", amount=Decimal(5))],
        }
    )
    assert ask({"amount": {}}, scene) == [("R", "amount", "4", "5")]


def test_a_key_pairs_single_records_and_no_key_pairs_none() -> None:
    asked = rule(
        "mismatch",
        left="crm.change_order",
        right="erp.change_order",
        fields={"amount": {}},
        match="change",
    )
    scene = Scene(
        {
            "crm.change_order": [
                row("OPP-1", "1", keys=["deal:OPP-1", "change:A"], amount=Decimal(1)),
                row("OPP-1", "2", keys=["deal:OPP-1", "change:B"], amount=Decimal(2)),
                row("OPP-1", "3", keys=["deal:OPP-1"], amount=Decimal(3)),
            ],
            "erp.change_order": [
                row("OPP-1", "x", keys=["deal:OPP-1", "change:A"], amount=Decimal(1)),
                row("OPP-1", "y", keys=["deal:OPP-1", "change:B"], amount=Decimal(9)),
                row("OPP-1", "z", keys=[], amount=Decimal(7)),
            ],
        }
    )
    assert [(each.record_id, each.actual) for each in findings(asked, scene)] == [("y", "9")]


def test_only_records_that_satisfy_the_conditions_are_compared() -> None:
    asked = rule(
        "mismatch",
        left="cpq.quote",
        right=RIGHT,
        fields={"amount": {}},
        where={"left": {"status": ["accepted", "signed"]}},
    )
    scene = Scene(
        {
            "cpq.quote": [
                row("OPP-1", "old", status="superseded", amount=Decimal(1)),
                row("OPP-1", "new", status="Accepted", amount=Decimal(2)),
            ],
            RIGHT: [row("OPP-1", "R", amount=Decimal(2))],
        }
    )
    assert findings(asked, scene) == ()


def test_fields_of_different_names_and_types_are_compared_as_dates() -> None:
    fields = {
        "start": {"left": "start_at", "right": "start_on", "as": "date", "zone": "Europe/Berlin"}
    }
    midnight = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    assert ask(fields, pair({"start_at": midnight}, {"start_on": date(2026, 4, 1)})) == []
    same = pair({"start_at": midnight}, {"start_on": date(2026, 4, 1)})
    assert ask(fields, same, of_record="right") == []
    wrong = pair({"start_at": midnight}, {"start_on": date(2026, 3, 31)})
    assert [each[0] for each in ask(fields, wrong)] == ["R"]


SAME: list[tuple[FieldType, dict[str, Any], Value, Value, bool]] = [
    (FieldType.DECIMAL, {}, Decimal("1.10"), Decimal("1.1"), True),
    (FieldType.DECIMAL, {}, Decimal("0.1"), Decimal("0.100001"), False),
    (FieldType.DECIMAL, {"tolerance": "0.01"}, Decimal("1.00"), Decimal("1.01"), True),
    (FieldType.DECIMAL, {"tolerance": "0.01"}, Decimal("1.00"), Decimal("1.010001"), False),
    (FieldType.DECIMAL, {"relative": "0.001"}, Decimal(1000), Decimal(1001), True),
    (FieldType.DECIMAL, {"relative": "0.001"}, Decimal(1000), Decimal("1001.01"), False),
    (FieldType.DECIMAL, {"relative": "0.001"}, Decimal(-1000), Decimal(-1001), True),
    (FieldType.DECIMAL, {"tolerance": "9"}, Decimal(0), None, False),
    (FieldType.INTEGER, {"tolerance": "1"}, 4, 5, True),
    (FieldType.INTEGER, {}, 4, 5, False),
    (FieldType.TEXT, {}, "Ann", "ann", False),
    (FieldType.TEXT, {"ignore_case": True}, "STRASSE", "straße", True),
    (FieldType.TEXT, {}, "  ", None, True),
    (FieldType.TEXT, {"blank_is_null": False}, "", None, False),
    (FieldType.TEXT, {"equivalent": {"time": ["T&M", "hourly"]}}, "t&m", "Hourly", True),
    (FieldType.TEXT, {"equivalent": {"time": ["T&M"]}}, "time", "T&M", True),
    (FieldType.TEXT, {"equivalent": {"time": ["T&M"]}}, "fixed", "T&M", False),
    (FieldType.INSTANT, {"precision": "1s"}, at(0), at(0) + timedelta(seconds=1), True),
    (FieldType.INSTANT, {"precision": "1s"}, at(0), at(0) + timedelta(seconds=1.1), False),
    (FieldType.INSTANT, {}, at(0), at(0).astimezone(timezone(timedelta(hours=5))), True),
    (FieldType.INSTANT, {"as": "date"}, at(1), at(5), True),
    (FieldType.DATE, {}, date(2026, 4, 1), date(2026, 4, 2), False),
    (FieldType.BOOLEAN, {}, True, False, False),
]


@pytest.mark.parametrize(("kind", "settings", "one", "other", "same"), SAME)
def test_what_is_the_same(
    kind: FieldType, settings: dict[str, Any], one: Value, other: Value, same: bool
) -> None:
    compare = comparison(FieldComparison.model_validate(settings), kind, kind)
    assert compare.same(one, other) is same
    pairs = pl.DataFrame(
        {"one": [one], "other": [other]}, schema=dict.fromkeys(("one", "other"), FRAME_TYPES[kind])
    )
    assert compare.differing(pairs, "one", "other").is_empty() is same


MONEY = st.decimals(min_value=-(10**24), max_value=10**24, places=6)


@given(MONEY, st.integers(-20, 20), st.integers(0, 20))
def test_a_tolerance_is_exact_to_the_last_digit(one: Decimal, apart: int, slack: int) -> None:
    other = EXACT.add(one, Decimal(apart).scaleb(-6))
    compare = comparison(
        FieldComparison(tolerance=Decimal(slack).scaleb(-6)), FieldType.DECIMAL, FieldType.DECIMAL
    )
    assert compare.same(one, other) is (abs(apart) <= slack)
    assert compare.same(other, one) is (abs(apart) <= slack)
    pairs = pl.DataFrame(
        {"one": [one], "other": [other]},
        schema=dict.fromkeys(("one", "other"), FRAME_TYPES[FieldType.DECIMAL]),
    )
    assert compare.differing(pairs, "one", "other").is_empty() is (abs(apart) <= slack)


def test_a_difference_is_exact_however_long_the_numbers() -> None:
    apart = difference(Decimal("9" * 32), Decimal("-0.000001"))
    assert apart == Decimal("9" * 32 + ".000001")


@pytest.mark.parametrize("types", [("decimal", "integer"), ("integer", "decimal")])
def test_an_amount_and_a_whole_number_compare_as_numbers(types: tuple[str, str]) -> None:
    compare = comparison(FieldComparison(tolerance=Decimal("0.5")), *map(FieldType, types))
    assert compare.same(Decimal("2.5"), 3)
    assert compare.same(3, Decimal("2.5"))
    assert not compare.same(3, Decimal("2.49"))


@given(st.datetimes(timezones=st.timezones()), st.timezones())
def test_one_instant_is_the_same_in_any_zone(instant: datetime, zone: Any) -> None:
    compare = comparison(FieldComparison(), FieldType.INSTANT, FieldType.INSTANT)
    instant = instant.replace(fold=0).astimezone(UTC)
    try:
        elsewhere = instant.astimezone(zone)
    except OverflowError:
        return
    assert compare.same(instant, elsewhere)


@given(MONEY.map(lambda value: value % 10**9), MONEY.map(lambda value: value % 10**9))
def test_the_rule_finds_exactly_the_differing_amounts(one: Decimal, other: Decimal) -> None:
    found = ask({"amount": {}}, pair({"amount": one}, {"amount": other}))
    assert bool(found) is (one != other)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"right": LEFT}, "crm.opportunity cannot be compared with itself"),
        ({"right": "psa.projects"}, "unknown stream 'psa.projects'; did you mean 'psa.project'?"),
        (
            {"fields": {"amont": {}}},
            "unknown field of crm.opportunity 'amont'; did you mean 'amount'?",
        ),
        (
            {"fields": {"amount": {"right": "name"}}},
            "field 'amount': decimal cannot be compared with text",
        ),
        (
            {"fields": {"start_at": {"right": "start_on"}}},
            "field 'start_at': a date and an instant compare only with 'as: date' or 'as: instant'",
        ),
        (
            {"fields": {"name": {"tolerance": "1"}}},
            "field 'name': 'tolerance' is for numbers, not for text and text",
        ),
        (
            {"fields": {"amount": {"ignore_case": True}}},
            "field 'amount': 'ignore_case' is for text, not for decimal and decimal",
        ),
        (
            {"fields": {"start_on": {"precision": "1s"}}},
            "field 'start_on': 'precision' is for instants, not for date and date",
        ),
        (
            {"fields": {"start_at": {"as": "date", "zone": "Mars/Base"}}},
            "field 'start_at': 'Mars/Base' is not a time zone of the IANA database",
        ),
        (
            {"fields": {"status": {"equivalent": {"a": ["x"], "b": ["X"]}}}},
            "field 'status': the word 'X' is equivalent to two others",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        rule("mismatch", **{"left": LEFT, "right": RIGHT, "fields": {"amount": {}}, **settings})
    assert str(refused.value) == sentence


@pytest.mark.parametrize("option", [{"tolerance": "-0.01"}, {"relative": "-1"}, {"relative": "2"}])
def test_a_tolerance_that_makes_no_sense_is_refused(option: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        FieldComparison.model_validate(option)


@pytest.mark.parametrize(
    ("amount", "currency", "kind"),
    [
        ("1000.01", "EUR", "rounding"),
        ("999.99", "eur", "rounding"),
        ("1000.02", "EUR", "over"),
        ("1000.02", None, "over"),
        ("999.98", "EUR", "under"),
        ("999.98", "USD", "currency"),
        (None, "EUR", ""),
    ],
)
def test_a_difference_of_money_has_a_class(
    amount: str | None, currency: str | None, kind: str
) -> None:
    right = {"amount": Decimal(amount) if amount else None, "currency": currency}
    scene = pair({"amount": Decimal(1000), "currency": "EUR"}, right)
    (finding,) = findings(
        rule("mismatch", left=LEFT, right=RIGHT, fields={"amount": {"residual": "0.01"}}), scene
    )
    assert finding.classification == kind


def test_a_difference_that_is_no_money_has_no_class() -> None:
    fields: dict[str, Any] = {"amount": {"money": False}, "name": {}}
    asked = rule("mismatch", left=LEFT, right=RIGHT, fields=fields)
    left, right = {"amount": Decimal(1), "name": "A"}, {"amount": Decimal(2), "name": "B"}
    assert {each.classification for each in findings(asked, pair(left, right))} == {""}
