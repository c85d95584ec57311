from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.ports import MONEY
from monitor.core.rates import RateSettings, rate_table
from reconcilers.money import classify, convert, product

EXACT = Context(prec=80)
MICRO = Decimal("0.000001")

amount = st.decimals(-(10**15), 10**15, places=6)


def rate(base: str, quote: str, on: str, value: str) -> RateSettings:
    return RateSettings.model_validate(
        {"base": base, "quote": quote, "date": date.fromisoformat(on), "rate": Decimal(value)}
    )


RATES = rate_table(
    [
        rate("EUR", "USD", "2026-02-01", "1.20"),
        rate("EUR", "USD", "2026-01-01", "1.10"),
        rate("USD", "JPY", "2026-01-01", "150"),
        rate("JPY", "USD", "2026-01-01", "0.01"),
    ]
)


def converted(value: Decimal | None, currency: str | None, target: str, on: date | None) -> object:
    amounts = pl.DataFrame(
        [(value, currency, target, on)],
        schema={"amount": MONEY, "currency": pl.String, "target": pl.String, "on": pl.Date},
        orient="row",
    )
    (row,) = convert(amounts, RATES).iter_rows(named=True)
    return row["value"]


@pytest.mark.parametrize(
    ("currency", "target", "on", "expected"),
    [
        ("EUR", "USD", date(2026, 1, 1), Decimal(110)),
        ("EUR", "USD", date(2026, 1, 31), Decimal(110)),
        ("EUR", "USD", date(2026, 2, 1), Decimal(120)),
        ("EUR", "USD", date(2030, 2, 1), Decimal(120)),
        ("EUR", "USD", date(2025, 12, 31), None),
        ("EUR", "USD", None, None),
        ("USD", "EUR", date(2026, 2, 1), Decimal("83.333333")),
        ("JPY", "USD", date(2026, 2, 1), Decimal(1)),
        ("EUR", "JPY", date(2026, 2, 1), None),
        ("EUR", "EUR", None, Decimal(100)),
        (None, "EUR", None, Decimal(100)),
    ],
)
def test_money_is_worth_what_the_latest_rate_on_or_before_its_date_says(
    currency: str | None, target: str, on: date | None, expected: Decimal | None
) -> None:
    assert converted(Decimal(100), currency, target, on) == expected


def test_no_money_is_worth_nothing_known() -> None:
    assert converted(None, "EUR", "USD", date(2026, 1, 1)) is None


@settings(max_examples=40, deadline=None)
@given(value=amount)
def test_a_conversion_is_exact_to_the_last_digit(value: Decimal) -> None:
    there = converted(value, "EUR", "USD", date(2026, 1, 1))
    back = converted(value, "USD", "EUR", date(2026, 1, 1))
    assert isinstance(there, Decimal)
    assert isinstance(back, Decimal)
    assert abs(EXACT.subtract(there, EXACT.multiply(value, Decimal("1.1")))) <= MICRO / 2
    assert abs(EXACT.subtract(back, EXACT.divide(value, Decimal("1.1")))) <= MICRO / 2 + MICRO**2


@settings(max_examples=40, deadline=None)
@given(value=amount, factor=st.decimals(-(10**9), 10**9, places=6))
def test_a_product_is_exact_to_the_last_digit(value: Decimal, factor: Decimal) -> None:
    frame = pl.DataFrame({"a": [value], "b": [factor]}, schema={"a": MONEY, "b": MONEY})
    result = frame.select(product(pl.col("a"), pl.col("b"))).item()
    true = EXACT.multiply(value, factor)
    rounded = {true.quantize(MICRO, how, EXACT) for how in (ROUND_HALF_EVEN, ROUND_HALF_UP)}
    assert result in rounded


def test_a_product_without_a_place_among_the_digits_is_unknown() -> None:
    great = Decimal(10) ** 25
    frame = pl.DataFrame({"a": [great], "b": [great]}, schema={"a": MONEY, "b": MONEY})
    assert frame.select(product(pl.col("a"), pl.col("b"))).item() is None


@given(expected=amount, actual=amount, residual=st.decimals(0, 10, places=6))
def test_a_difference_has_one_class(expected: Decimal, actual: Decimal, residual: Decimal) -> None:
    frame = pl.DataFrame(
        {"e": [expected], "a": [actual], "r": [residual]},
        schema={"e": MONEY, "a": MONEY, "r": MONEY},
    )
    over = actual - expected
    word = "over" if over > 0 else "under"
    word = "rounding" if abs(over) <= residual else word
    assert frame.select(classify(pl.col("e"), pl.col("a"), pl.col("r"))).item() == (
        word if over else ""
    )
