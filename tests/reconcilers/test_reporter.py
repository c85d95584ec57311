from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.amounts import EXACT
from monitor.core.breaks import BreakKind
from monitor.core.flows import RuleSettings
from monitor.core.model import StreamId, Value
from monitor.core.ports import FINDINGS, MONEY
from reconcilers.reporter import Reporter, as_text
from tests.reconcilers.scene import CONTEXT, Row, Scene, row


def text(value: Value, dtype: pl.DataType | None = None) -> str | None:
    frame = pl.DataFrame({"value": [value]}, schema={"value": dtype} if dtype else None)
    told = frame.select(as_text(frame, "value")).item()
    assert told is None or isinstance(told, str)
    return told


@pytest.mark.parametrize(
    ("value", "dtype", "told"),
    [
        (None, MONEY, None),
        (Decimal("-0.000"), MONEY, "0"),
        (Decimal("100.00"), MONEY, "100"),
        (Decimal("1E+3"), MONEY, "1000"),
        (Decimal(f"{'9' * 32}.999999"), MONEY, f"{'9' * 32}.999999"),
        (True, None, "true"),
        (7, None, "7"),
        (700, None, "700"),
        (date(2026, 4, 1), None, "2026-04-01"),
        (datetime(2026, 4, 1, 8, tzinfo=UTC), None, "2026-04-01T08:00:00.000000+00:00"),
    ],
)
def test_values_as_people_read_them(
    value: Value, dtype: pl.DataType | None, told: str | None
) -> None:
    assert text(value, dtype) == told


@given(st.decimals(-(10**24), 10**24, allow_nan=False, places=6))
def test_equal_decimals_give_equal_texts_that_say_the_whole_value(value: Decimal) -> None:
    told = text(value, MONEY)
    assert told is not None
    assert Decimal(told) == value
    assert text(Decimal(f"{value:f}").normalize(EXACT), MONEY) == told


def reported(
    rows: list[Row], accused: dict[str, list[object]], stream: str | None = "crm.opportunity"
) -> list[tuple[Decimal | None, str]]:
    context = replace(CONTEXT, value_stream=StreamId.parse(stream) if stream else None)
    reporter = Reporter.create("rule", RuleSettings(), context, context.root, hop="")
    scope = Scene({stream or "crm.opportunity": rows}).scope()
    schema = {"value_at_risk": MONEY} if "value_at_risk" in accused else None
    found = reporter.report(scope, pl.DataFrame(accused, schema_overrides=schema), BreakKind.ORPHAN)
    assert found.schema == FINDINGS
    return found.select("value_at_risk", "currency").rows()


DEALS = [
    row("OPP-1", "1", amount=Decimal("10.5"), currency="EUR"),
    row("OPP-1", "2", amount=Decimal("0.5"), currency="EUR"),
    row("OPP-3", "3", amount=Decimal(9), currency="EUR"),
    row("OPP-4", "4", amount=Decimal(1), currency="EUR"),
    row("OPP-4", "5", amount=Decimal(1), currency="USD"),
    row("OPP-5", "6", amount=Decimal(1)),
    row("OPP-5", "7", currency="EUR"),
]


@pytest.mark.parametrize("stream", ["crm.opportunity", "cpq.quote", None])
def test_a_transaction_is_worth_what_its_value_stream_says_of_it(stream: str | None) -> None:
    accused: dict[str, list[object]] = {"_transaction": ["OPP-1", "OPP-2", "OPP-4", "OPP-5"]}
    assert reported(DEALS, accused, stream) == [
        (Decimal(11), "EUR"),
        (None, ""),
        (None, ""),
        (Decimal(1), ""),
    ]


def test_money_of_its_own_comes_before_that_of_the_transaction() -> None:
    accused: dict[str, list[object]] = {
        "_transaction": ["OPP-1", "OPP-1", "OPP-2"],
        "value_at_risk": [Decimal(2), Decimal(3), Decimal(4)],
        "currency": ["USD", None, None],
    }
    assert reported(DEALS, accused) == [(Decimal(2), "USD"), (Decimal(3), "EUR"), (Decimal(4), "")]


def test_a_value_stream_without_an_amount_says_nothing() -> None:
    assert reported([row("OPP-1", "1")], {"_transaction": ["OPP-1"]}, "bus.message") == [(None, "")]
