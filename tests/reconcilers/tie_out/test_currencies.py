from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from monitor.core.breaks import Classification
from tests.reconcilers.scene import Scene, findings, row
from tests.reconcilers.tie_out.sides import BILLED, RATES, amounts, classes, deal, tie_out

JANUARY, FEBRUARY = date(2026, 1, 20), date(2026, 2, 20)


def in_dollars(amount: str, on: date | None) -> Scene:
    billed = amounts("I", amount, currency="usd", issued_on=on)
    return deal("1000").with_rows(erp__invoice=billed)


def test_money_in_another_currency_is_compared_by_the_rate_of_its_date() -> None:
    asked = tie_out(rates=RATES)
    assert findings(asked, in_dollars("1100", JANUARY)) == ()
    assert findings(asked, in_dollars("1250", FEBRUARY)) == ()
    (finding,) = findings(asked, in_dollars("1375", FEBRUARY))
    assert finding.classification is Classification.OVER
    assert (finding.expected, finding.actual) == ("1000", "1100")
    assert (finding.value_at_risk, finding.currency) == (Decimal(100), "EUR")


def test_a_pair_that_is_quoted_in_one_direction_serves_both() -> None:
    pounds = amounts("I", "1000", currency="GBP", issued_on=JANUARY)
    scene = deal("1200").with_rows(erp__invoice=pounds)
    assert findings(tie_out(rates=RATES), scene) == ()


@pytest.mark.parametrize(
    ("rates", "on"),
    [((), JANUARY), (RATES, date(2025, 12, 31)), (RATES, None)],
    ids=["no rates", "none yet", "no date"],
)
def test_an_unknown_rate_makes_the_sum_unknown_and_is_never_one(
    rates: Sequence[tuple[str, str, str, str]], on: date | None
) -> None:
    for amount in ("1000", "1100"):
        (finding,) = findings(tie_out(rates=rates), in_dollars(amount, on))
        assert finding.classification is Classification.CURRENCY
        assert (finding.expected, finding.actual) == ("1000 EUR", f"{amount} USD")
        assert finding.value_at_risk is None


def test_equal_numbers_in_different_currencies_are_a_matter_of_currency() -> None:
    (finding,) = findings(tie_out(rates=RATES), in_dollars("1000", JANUARY))
    assert finding.classification is Classification.CURRENCY
    assert (finding.expected, finding.actual) == ("1000 EUR", "1000 USD")


def test_a_gain_or_loss_by_exchange_is_named_apart_from_drift() -> None:
    signed = [
        row(
            "OPP-1",
            "C",
            amount=Decimal(1100),
            currency="USD",
            signed_at=datetime(2026, 1, 20, tzinfo=UTC),
        )
    ]
    sides = {"agreed": [{"stream": "contracts.contract", "date": "signed_at"}], "billed": BILLED}
    later = amounts("I", "1100", currency="USD", issued_on=FEBRUARY)
    scene = Scene({"contracts.contract": signed, "erp.invoice": later})
    asked = tie_out(sides, rates=RATES, currency="EUR")
    (finding,) = findings(asked, scene)
    assert finding.classification is Classification.EXCHANGE
    assert (finding.expected, finding.value_at_risk) == ("1000", Decimal(120))
    assert finding.actual == "880, a loss of 120: it ties out at the rates of 2026-01-20"
    assert findings(tie_out(sides, rates=RATES, currency="EUR", accept=["exchange"]), scene) == ()
    drifted = amounts("I", "1111", currency="USD", issued_on=FEBRUARY)
    assert [kind for kind, _ in classes(asked, scene.with_rows(erp__invoice=drifted))] == ["under"]
