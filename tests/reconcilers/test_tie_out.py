from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.core.breaks import BreakKind, Classification
from monitor.core.ports import Rule
from monitor.core.rates import RateSettings, rate_table
from reconcilers.tie_out import TieOutSettings, build
from tests.reconcilers.scene import CONTEXT, Row, Scene, at, findings, row

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


def test_every_side_must_come_to_the_sum_of_the_side_of_record() -> None:
    scene = deal("1000", "200", planned=["600", "600"], billed=["600", "550"])
    (finding,) = findings(tie_out(severity="critical"), scene)
    assert finding.kind is BreakKind.TIE_OUT
    assert finding.classification is Classification.UNDER
    assert (finding.system, finding.stream, finding.field) == ("erp", "invoice", "amount")
    assert (finding.expected, finding.actual) == ("1200", "1150")
    assert (finding.value_at_risk, finding.currency) == (Decimal(50), "EUR")
    assert (finding.hop, finding.owner) == ("agreed -> billed", "finance")
    assert finding.severity == "critical"
    assert finding.since == at(-48)
    assert finding.record_id == ""


def test_another_side_can_be_of_record() -> None:
    scene = deal("1000", planned=["1100"])
    (finding,) = findings(tie_out(of_record="planned"), scene)
    assert (finding.system, finding.expected, finding.actual) == ("contracts", "1100", "1000")


def test_credits_are_taken_off_and_what_is_unbilled_added() -> None:
    sides = {
        "agreed": AGREED,
        "billed": [
            {"stream": "erp.invoice", "where": {"status": "posted"}},
            {"stream": "erp.invoice", "where": {"status": "credit"}, "sign": "-"},
            {"stream": "psa.milestone", "where": {"status": "open"}},
        ],
    }
    invoices = [
        row("OPP-1", "I1", amount=Decimal(800), status="posted"),
        row("OPP-1", "I2", amount=Decimal(300), status="credit"),
        row("OPP-1", "I3", amount=Decimal(999), status="draft"),
    ]
    unbilled = [row("OPP-1", "M1", amount=Decimal(500), status="open")]
    scene = deal("1000").with_rows(erp__invoice=invoices, psa__milestone=unbilled)
    assert classes(tie_out(sides), scene) == []
    without = scene.with_rows(erp__invoice=invoices[:1])
    assert classes(tie_out(sides), without) == [("over", "1300")]


@pytest.mark.parametrize(
    ("planned", "kind", "actual"),
    [
        (["1000"], "missing_part", "1000 without CO1"),
        (["1300.01"], "under", "1300.01"),
        (["1500"], "over", "1500"),
        (["349.99", "350", "350", "350.01"], "rounding", None),
        (["349.99", "350.01", "699.985"], "rounding", "1399.985"),
    ],
)
def test_a_difference_is_named_by_what_would_make_up_for_it(
    planned: list[str], kind: str, actual: str | None
) -> None:
    scene = deal("1000", "400", planned=planned)
    expected = [(kind, actual)] if actual else []
    assert classes(tie_out(residual="0.005"), scene) == expected


def test_two_parts_that_are_absent_together_are_named() -> None:
    scene = deal("1000", "210", "50", "150", planned=["1210"])
    assert classes(tie_out(), scene) == [("missing_part", "1210 without CO2 and CO3")]


def test_the_line_of_another_side_that_is_absent_is_named() -> None:
    scene = deal("1000", planned=["300", "450", "250"], billed=["300", "250"])
    assert classes(tie_out(), scene) == [("missing_part", "550 without M2")]


def test_the_last_lines_of_another_side_that_are_absent_are_named() -> None:
    planned = ["100", "201", "302", "403", "504"]
    scene = deal("1510", planned=planned, billed=["100", "201"])
    sides = {"agreed": [AGREED[0]], "planned": PLANNED, "billed": BILLED}
    assert classes(tie_out(sides), scene) == [("missing_part", "301 without what follows M2")]


def test_instalments_of_which_some_are_absent_are_counted() -> None:
    scene = deal("1000", planned=["100.00"] * 7)
    assert classes(tie_out(), scene) == [("missing_part", "700 without 3 of 100")]


def test_a_credit_that_is_absent_is_a_missing_part_too() -> None:
    scene = deal("1000", "-150", planned=["1000"])
    assert classes(tie_out(), scene) == [("missing_part", "1000 without CO1")]


def test_a_side_without_a_record_says_nothing_unless_it_is_a_sum_of_nothing() -> None:
    sides = {"agreed": AGREED, "billed": BILLED}
    assert classes(tie_out(sides), deal("1000")) == []
    assert classes(tie_out(sides, empty="zero"), deal("1000")) == [("missing_part", "0 without C1")]
    nothing_agreed = Scene({"erp.invoice": amounts("I", "70")})
    assert classes(tie_out(sides), nothing_agreed) == []
    assert classes(tie_out(sides, empty="zero"), nothing_agreed) == [("over", "70")]


def test_nothing_has_to_tie_out_before_the_required_record_is_there() -> None:
    asked = tie_out(requires=[{"stream": "erp.project", "where": {"status": "open"}}])
    scene = deal("1000", planned=["900"])
    draft = scene.with_rows(erp__project=[row("OPP-1", "E", status="draft")])
    opened = scene.with_rows(erp__project=[row("OPP-1", "E", status="open")])
    assert [len(findings(asked, each)) for each in (scene, draft, opened)] == [0, 0, 1]


def test_a_difference_of_exactly_the_tolerance_is_none_and_one_digit_more_is_one() -> None:
    asked = tie_out(tolerance="0.005")
    assert findings(asked, deal("1000", planned=["1000.005"])) == ()
    assert findings(asked, deal("1000", planned=["999.995"])) == ()
    assert len(findings(asked, deal("1000", planned=["1000.005001"]))) == 1


def test_sums_of_fifteen_digits_are_exact() -> None:
    great = "1000000000000000.000001"
    assert findings(tie_out(), deal(great, planned=["1000000000000000", "0.000001"])) == ()
    (finding,) = findings(tie_out(residual=0), deal(great, planned=["1000000000000000", "0"]))
    assert finding.value_at_risk == Decimal("0.000001")


def test_hours_times_rate_are_compared_with_what_was_billed() -> None:
    sides = {
        "worked": [{"stream": "psa.timecard", "field": "hours", "times": {"field": "rate"}}],
        "billed": BILLED,
    }
    cards = [
        row("OPP-1", "T1", hours=Decimal("7.5"), rate=Decimal("120"), currency="EUR"),
        row("OPP-1", "T2", hours=Decimal("0.25"), rate=Decimal("133.33"), currency="EUR"),
    ]
    scene = Scene({"psa.timecard": cards, "erp.invoice": amounts("I", "900", "33.3325")})
    assert findings(tie_out(sides), scene) == ()
    short = scene.with_rows(erp__invoice=amounts("I", "900"))
    assert classes(tie_out(sides), short) == [("missing_part", "900 without T2")]


def test_a_rate_can_stand_in_the_record_that_the_hours_name() -> None:
    times = {"stream": "psa.assignment", "field": "rate", "match": "assignment"}
    sides = {
        "worked": [{"stream": "psa.timecard", "field": "hours", "times": times}],
        "billed": BILLED,
    }
    scene = Scene(
        {
            "psa.timecard": [
                row("OPP-1", "T1", keys=["assignment:A"], hours=Decimal(10)),
                row("OPP-1", "T2", keys=["assignment:B"], hours=Decimal(10)),
                row("OPP-1", "T3", keys=["assignment:nobody"], hours=Decimal(10)),
            ],
            "psa.assignment": [
                row("OPP-1", "A", keys=["assignment:A"], rate=Decimal(100)),
                row("OPP-1", "B", keys=["assignment:B"], rate=Decimal(50)),
            ],
            "erp.invoice": amounts("I", "1500"),
        }
    )
    assert findings(tie_out(sides), scene) == ()
    assert tie_out(sides).needs >= scene.scope().frames.keys() & {("psa", "assignment")}


def test_an_invoice_for_several_deals_counts_with_the_share_that_each_states() -> None:
    share = {"stream": "psa.assignment", "field": "rate", "match": "invoice"}
    sides = {"agreed": AGREED, "billed": [{"stream": "erp.invoice", "times": share}]}

    def part(opportunity: str, agreed: str, rate: str) -> dict[str, Row]:
        return {
            "contracts.contract": row(opportunity, f"C-{opportunity}", amount=Decimal(agreed)),
            "psa.assignment": row(
                opportunity, f"A-{opportunity}", keys=["invoice:I"], rate=Decimal(rate)
            ),
            "erp.invoice": row(opportunity, "I", keys=["invoice:I"], amount=Decimal(1000)),
        }

    def scene(*parts: dict[str, Row]) -> Scene:
        return Scene({stream: [each[stream] for each in parts] for stream in parts[0]})

    shared = scene(part("OPP-1", "600", "0.6"), part("OPP-2", "400", "0.4"))
    assert findings(tie_out(sides), shared) == ()
    wrong = scene(part("OPP-1", "600", "0.6"), part("OPP-2", "400", "0.5"))
    assert [(each.transaction, each.actual) for each in findings(tie_out(sides), wrong)] == [
        ("OPP-2", "500")
    ]


@pytest.mark.parametrize(
    ("agreed", "own", "actual"),
    [
        ("600", "0", []),
        ("1000", "0", []),
        ("100", "100", []),
        ("1100", "100", []),
        ("90", "100", ["100"]),
        ("1101", "100", ["1100"]),
    ],
)
def test_of_a_shared_invoice_a_deal_bears_anything_from_nothing_to_all(
    agreed: str, own: str, actual: list[str]
) -> None:
    sides = {"agreed": AGREED, "billed": [{"stream": "erp.invoice", "shared_by": "project"}]}
    shared = row("OPP-1", "I1", keys=["project:P1", "project:P2"], amount=Decimal(1000))
    alone = row("OPP-1", "I2", keys=["project:P1", "invoice:I2"], amount=Decimal(own))
    scene = deal(agreed).with_rows(erp__invoice=[shared, alone])
    assert [each.actual for each in findings(tie_out(sides, tolerance="0.5"), scene)] == actual
    credited = [{**each, "amount": -each["amount"]} for each in (shared, alone)]
    turned = deal(f"-{agreed}").with_rows(erp__invoice=credited)
    assert [
        (each.actual or "").removeprefix("-")
        for each in findings(tie_out(sides, tolerance="0.5"), turned)
    ] == actual


def in_dollars(amount: str, on: date | None) -> Scene:
    billed = amounts("I", amount, currency="usd", issued_on=on)
    return deal("1000").with_rows(erp__invoice=billed)


JANUARY, FEBRUARY = date(2026, 1, 20), date(2026, 2, 20)


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


def test_residuals_that_are_accepted_are_no_break() -> None:
    scene = deal("1000", planned=["333.33"] * 3)
    assert classes(tie_out(), scene) == [("rounding", "999.99")]
    assert classes(tie_out(accept=["rounding"]), scene) == []


def test_a_difference_waits_until_every_side_was_looked_at() -> None:
    rows = deal("1000", planned=["900"]).rows
    behind = Scene(rows, looked={"psa.milestone": at(-50)})
    verdict = tie_out().evaluate(behind.scope())
    assert verdict.findings == ()
    assert [(each.transaction, each.at) for each in verdict.deadlines] == [("OPP-1", at(-48))]
    assert len(findings(tie_out(), Scene(rows))) == 1


def test_a_difference_counts_when_the_time_allowed_has_passed() -> None:
    verdict = tie_out(within="3d").evaluate(deal("1000", planned=["900"]).scope())
    assert verdict.findings == ()
    assert [each.at for each in verdict.deadlines] == [at(24)]
    assert len(findings(tie_out(within="2d"), deal("1000", planned=["900"]))) == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"sides": {"agreed": AGREED}}, "two sides or more"),
        ({"sides": {"agreed": AGREED, "billed": []}}, "what is summed on the side 'billed'"),
        ({"sides": SIDES, "of_record": "sold"}, "no side 'sold'"),
        ({"sides": SIDES, "tolerance": -1}, "greater than or equal to 0"),
        ({"sides": SIDES, "currency": "euro"}, "match pattern"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TieOutSettings.model_validate({"check": "tie_out", **settings})


def test_a_tolerance_that_could_never_matter_is_refused() -> None:
    with pytest.raises(ValueError, match="less than sums can differ by"):
        tie_out(tolerance="0.0000009")


@pytest.mark.parametrize(
    ("component", "sentence"),
    [
        ({"stream": "erp.invoces"}, r"unknown stream 'erp.invoces'; did you mean 'erp.invoice'\?"),
        ({"stream": "erp.invoice", "field": "status"}, "is text, but decimal or integer"),
        ({"stream": "erp.invoice", "date": "status"}, "is text, but date or instant"),
        ({"stream": "erp.invoice", "currency": "issued_on"}, "is date, but text"),
        ({"stream": "erp.invoice", "times": {"field": "status"}}, "is text, but decimal"),
        (
            {"stream": "erp.invoice", "times": {"field": "amount", "match": "deal"}},
            "name the stream",
        ),
        (
            {"stream": "erp.invoice", "times": {"stream": "psa.assignment", "field": "rate"}},
            "say by which key",
        ),
        ({"stream": "psa.milestone"}, "could not be told apart"),
    ],
)
def test_sides_that_do_not_fit_the_landscape_are_refused(
    component: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        tie_out({"agreed": AGREED, "planned": PLANNED, "billed": [component]})


def test_a_difference_of_what_no_system_stamps_counts_at_once() -> None:
    scene = deal("1000", planned=["900"])
    unstamped = {
        stream: [{**each, "_modified_at": None} for each in rows]
        for stream, rows in scene.rows.items()
    }
    (finding,) = findings(tie_out(), Scene(unstamped, looked={"psa.milestone": at(-50)}))
    assert finding.since == at(-47)


def test_an_absurd_amount_counts_for_nothing_and_stops_nothing() -> None:
    absurd = str(9 * 10**31)
    scene = deal("1000", planned=[absurd, absurd, "1000"])
    assert findings(tie_out(), scene) == ()
    assert classes(tie_out(), deal(absurd, planned=["70"])) == [("over", "70")]
