from decimal import Decimal

import pytest

from tests.reconcilers.scene import Row, Scene, findings, row
from tests.reconcilers.tie_out.sides import AGREED, BILLED, amounts, classes, deal, tie_out


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
