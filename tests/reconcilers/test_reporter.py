from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.flows import RuleSettings
from monitor.core.model import StreamId, Value
from reconcilers.reporter import NO_MONEY, Money, Reporter, as_text, sum_money
from tests.reconcilers.scene import CONTEXT, Row, Scene, row


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (Decimal("-0.000"), "0"),
        (Decimal("100.00"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal(f"{'9' * 32}.999999"), f"{'9' * 32}.999999"),
        (True, "True"),
        (7, "7"),
        (date(2026, 4, 1), "2026-04-01"),
        (datetime(2026, 4, 1, 8, tzinfo=UTC), "2026-04-01T08:00:00.000000+00:00"),
    ],
)
def test_values_as_people_read_them(value: Value, text: str | None) -> None:
    assert as_text(value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(0, 6))
def test_equal_decimals_give_equal_texts_that_say_the_whole_value(
    value: Decimal, more: int
) -> None:
    text = as_text(value)
    assert text is not None
    assert Decimal(text) == value
    longer = Decimal(f"{value:f}" + "0" * more)
    assert as_text(longer) == text


def test_money_is_summed_to_the_last_digit_in_one_currency_only() -> None:
    huge = Decimal("99999999999999999999999999999999.000001")
    assert sum_money([(huge, "EUR"), (huge, "EUR")]) == Money(
        Decimal("199999999999999999999999999999998.000002"), "EUR"
    )
    assert sum_money([(Decimal(1), "EUR"), (Decimal(1), "USD")]) == NO_MONEY
    assert sum_money([(None, "EUR")]) == sum_money([]) == NO_MONEY
    assert sum_money([(Decimal(1), None), (None, "EUR")]) == Money(Decimal(1), "")


def values(rows: list[Row], stream: str | None = "crm.opportunity") -> dict[str, Money]:
    context = replace(CONTEXT, value_stream=StreamId.parse(stream) if stream else None)
    reporter = Reporter.create("rule", RuleSettings(), context, context.root, hop="")
    scope = Scene({stream or "crm.opportunity": rows}).scope()
    known = reporter.value_transactions(scope, ["OPP-1", "OPP-2"])
    return {name: known[name] for name in ("OPP-1", "OPP-2")}


def test_a_transaction_is_worth_what_its_value_stream_says_of_it() -> None:
    deals = [
        row("OPP-1", "1", amount=Decimal("10.5"), currency="EUR"),
        row("OPP-1", "2", amount=Decimal("0.5"), currency="EUR"),
        row("OPP-3", "3", amount=Decimal(9), currency="EUR"),
    ]
    for stream in ("crm.opportunity", "cpq.quote", None):
        assert values(deals, stream) == {"OPP-1": Money(Decimal(11), "EUR"), "OPP-2": NO_MONEY}


def test_a_value_stream_without_an_amount_says_nothing() -> None:
    assert values([row("OPP-1", "1")], "bus.message") == {"OPP-1": NO_MONEY, "OPP-2": NO_MONEY}
