from decimal import Decimal

import pytest

from monitor.core.breaks import BreakKind, Classification
from tests.reconcilers.scene import Scene, at, findings, row
from tests.reconcilers.tie_out.sides import AGREED, BILLED, PLANNED, amounts, classes, deal, tie_out


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
