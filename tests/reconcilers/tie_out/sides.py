"""Tie-outs of deals with three sides."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from monitor.core.ports import Rule
from monitor.core.rates import RateSettings, rate_table
from reconcilers.tie_out import TieOutSettings, build
from tests.reconcilers.scene import CONTEXT, Row, Scene, findings, row

AGREED = [{"stream": "contracts.contract"}, {"stream": "crm.change_order"}]
PLANNED = [{"stream": "psa.milestone"}]
BILLED = [{"stream": "erp.invoice", "date": "issued_on"}]
SIDES: Mapping[str, Any] = {"agreed": AGREED, "planned": PLANNED, "billed": BILLED}
RATES = (
    ("EUR", "USD", "2026-01-05", "1.10"),
    ("EUR", "USD", "2026-02-05", "1.25"),
    ("GBP", "EUR", "2026-01-05", "1.2"),
)


def tie_out(
    sides: Mapping[str, Any] = SIDES,
    rates: Sequence[tuple[str, str, str, str]] = (),
    **settings: Any,
) -> Rule:
    table = rate_table(
        RateSettings.model_validate(
            {"base": base, "quote": quote, "date": date.fromisoformat(on), "rate": Decimal(rate)}
        )
        for base, quote, on, rate in rates
    )
    values = {"check": "tie_out", "sides": sides, **settings}
    asked: Rule = build(
        "the-rule", TieOutSettings.model_validate(values), replace(CONTEXT, rates=table)
    )
    return asked


def amounts(prefix: str, *values: str, currency: str | None = "EUR", **fields: Any) -> list[Row]:
    """A record for each value: `prefix1`, `prefix2`, …"""
    return [
        row("OPP-1", f"{prefix}{number}", amount=Decimal(value), currency=currency, **fields)
        for number, value in enumerate(values, 1)
    ]


def deal(
    agreed: str = "1000",
    *change_orders: str,
    planned: Sequence[str] = (),
    billed: Sequence[str] = (),
) -> Scene:
    return Scene(
        {
            "contracts.contract": amounts("C", agreed),
            "crm.change_order": amounts("CO", *change_orders),
            "psa.milestone": amounts("M", *planned),
            "erp.invoice": amounts("I", *billed),
        }
    )


def classes(asked: Rule, scene: Scene) -> list[tuple[str, str | None]]:
    found = findings(asked, scene)
    return [(each.classification.value, each.actual) for each in found]
