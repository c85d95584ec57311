from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from monitor.core.ports import Deadline, Rule
from tests.reconcilers.scene import Row, Scene, at, findings, in_order, row, rule, said


def applied_once(**settings: Any) -> Rule:
    return rule(
        "applied_once",
        **{
            "base": {"stream": "crm.opportunity"},
            "amendments": {"stream": "crm.change_order", "where": {"status": "approved"}},
            "total": {"stream": "psa.project"},
            "start": "approved_at",
            "within": "4h",
            **settings,
        },
    )


def order(record: str, amount: str, approved: float = -9, **fields: Any) -> Row:
    values = {"status": "approved", "amount": Decimal(amount), "currency": "EUR", **fields}
    return row("OPP-1", record, approved_at=at(approved), **values)


def deal(
    budget: str | None, orders: Sequence[Row], looked: dict[str, datetime | None] | None = None
) -> Scene:
    total = None if budget is None else Decimal(budget)
    return Scene(
        {
            "crm.opportunity": [row("OPP-1", "006", amount=Decimal(1000))],
            "crm.change_order": orders,
            "psa.project": [
                row("OPP-1", "P", amount=total, modified_at=at(-3), observed_at=at(-2))
            ],
        },
        looked=looked or {},
    )


ORDERS = [order("1", "70", number="CO-7"), order("2", "30.50")]


def test_a_budget_that_holds_an_order_twice_names_it() -> None:
    (finding,) = findings(applied_once(), deal("1170.50", ORDERS))
    assert finding.kind is BreakKind.LINEAGE
    assert (finding.system, finding.stream, finding.record_id) == ("psa", "project", "P")
    assert finding.field == "amount"
    assert finding.expected == "1100.5 with CO-7 once"
    assert finding.actual == "1170.5 with CO-7 twice"
    assert finding.hop == "crm.change_order -> psa.project"
    assert (finding.value_at_risk, finding.currency) == (Decimal(70), "EUR")
    assert (finding.owner, finding.since) == ("delivery", at(-3))


def test_a_budget_that_lacks_an_order_names_it() -> None:
    (finding,) = findings(applied_once(), deal("1070", ORDERS))
    assert finding.actual == "1070 without 2"
    assert finding.since == at(-5)


@pytest.mark.parametrize("budget", ["1100.50", "1100.505", "1100.495", "1234", None])
def test_a_right_budget_and_a_difference_that_no_order_explains_are_no_matter_of_this_rule(
    budget: str | None,
) -> None:
    assert in_order(applied_once().evaluate(deal(budget, ORDERS).scope())) == said()


def test_an_order_that_takes_money_off_is_applied_once_too() -> None:
    less = [order("1", "-70")]
    (twice,) = findings(applied_once(), deal("860", less))
    assert (twice.actual, twice.value_at_risk) == ("860 with 1 twice", Decimal(70))
    (left_out,) = findings(applied_once(), deal("1000", less))
    assert left_out.actual == "1000 without 1"


def test_an_order_that_is_not_in_force_is_not_counted() -> None:
    assert findings(applied_once(), deal("1000", [order("1", "70", status="draft")])) == ()


def test_several_totals_of_a_deal_are_one() -> None:
    split = deal("500", ORDERS).with_rows(
        psa__project=[
            row("OPP-1", "P", amount=Decimal(500)),
            row("OPP-1", "Q", amount=Decimal("670.5")),
        ]
    )
    (finding,) = findings(applied_once(), split)
    assert (finding.record_id, finding.actual) == ("P", "1170.5 with CO-7 twice")


def test_amounts_beyond_all_money_are_not_compared() -> None:
    absurd = [order(str(number), "9" * 31) for number in range(20)]
    assert findings(applied_once(), deal("1000", absurd)) == ()
    assert findings(applied_once(), deal("9" * 31, ORDERS)) == ()


def test_an_order_just_approved_has_its_time() -> None:
    early = deal("1000", [order("1", "70", approved=-1)])
    assert in_order(applied_once().evaluate(early.scope())) == said(Deadline("OPP-1", at(3)))


@pytest.mark.parametrize("looked", [at(-6), None])
def test_nothing_is_left_out_of_a_total_that_was_not_looked_at(looked: datetime | None) -> None:
    unseen = deal("1000", [order("1", "70")], {"psa.project": looked})
    assert in_order(applied_once().evaluate(unseen.scope())) == said(Deadline("OPP-1", at(-5)))


@pytest.mark.parametrize("looked", [at(-4), None])
def test_nothing_is_there_twice_while_newer_orders_may_be_unread(looked: datetime | None) -> None:
    unseen = deal("1140", [order("1", "70")], {"crm.change_order": looked})
    assert in_order(applied_once().evaluate(unseen.scope())) == said(Deadline("OPP-1", at(-3)))


AMOUNTS = st.lists(st.sampled_from(["10", "20", "50", "100", "-5"]), min_size=1, max_size=4)


@given(AMOUNTS, st.data())
def test_an_order_planted_twice_or_left_out_is_found_and_gone_once_mended(
    amounts: list[str], data: st.DataObject
) -> None:
    orders = [order(str(number), amount) for number, amount in enumerate(amounts)]
    right = 1000 + sum(Decimal(amount) for amount in amounts)
    victim = Decimal(data.draw(st.sampled_from(amounts)))
    times = data.draw(st.sampled_from([1, -1]))
    (finding,) = findings(applied_once(), deal(str(right + times * victim), orders))
    assert finding.value_at_risk == abs(victim)
    assert findings(applied_once(), deal(str(right), orders)) == ()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"total": {"stream": "crm.opportunity"}}, "crm.opportunity cannot be tied to itself"),
        ({"base": {"stream": "crm.opportunity", "amount": "name"}}, "field 'name' of crm.opportu"),
        ({"base": {"stream": "crm.deal"}}, "unknown stream 'crm.deal'"),
        ({"start": "status"}, "field 'status' of crm.change_order is text, but instant or date"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        applied_once(**settings)
    assert str(refused.value).startswith(sentence)
