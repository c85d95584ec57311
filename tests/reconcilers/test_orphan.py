from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from monitor.core.ports import Deadline
from tests.reconcilers.scene import Scene, at, findings, in_order, row, rule, said

ORPHAN = row("OPP-999", "I-7", created_at=at(-5), observed_at=at(-4))
SCENE = Scene(
    {
        "crm.opportunity": [row("OPP-1", "006A", amount=Decimal(5), currency="EUR")],
        "erp.invoice": [ORPHAN, row("OPP-1", "I-1", created_at=at(-5))],
    }
)


def test_an_invoice_of_an_unknown_deal_is_an_orphan() -> None:
    (finding,) = findings(rule("orphan", stream="erp.invoice"), SCENE)
    assert finding.kind is BreakKind.ORPHAN
    assert (finding.system, finding.stream, finding.record_id) == ("erp", "invoice", "I-7")
    assert (finding.transaction, finding.field) == ("OPP-999", "")
    assert finding.hop == "crm.opportunity -> erp.invoice"
    assert finding.expected == "a record in crm.opportunity"
    assert (finding.value_at_risk, finding.currency) == (None, "")
    assert (finding.owner, finding.since) == ("finance", at(-5))


def test_it_is_gone_once_the_deal_is_there() -> None:
    repaired = SCENE.with_rows(crm__opportunity=[row("OPP-999", "006B"), row("OPP-1", "006A")])
    assert findings(rule("orphan", stream="erp.invoice"), repaired) == ()


def test_what_it_must_stem_from_can_be_any_stream() -> None:
    asked = rule("orphan", stream="erp.invoice", of="erp.project")
    found = findings(asked, SCENE.with_rows(erp__project=[row("OPP-999", "P")]))
    assert [(each.transaction, each.value_at_risk) for each in found] == [("OPP-1", Decimal(5))]


def test_records_outside_the_condition_need_no_parent() -> None:
    asked = rule("orphan", stream="erp.invoice", where={"status": "posted"})
    assert findings(asked, SCENE) == ()


@pytest.mark.parametrize("looked", [at(-6), None])
def test_nothing_is_an_orphan_before_its_parents_were_looked_at(looked: datetime | None) -> None:
    scene = Scene(SCENE.rows, looked={"crm.opportunity": looked})
    verdict = rule("orphan", stream="erp.invoice").evaluate(scene.scope())
    assert in_order(verdict) == said(Deadline("OPP-999", at(-5)))


def test_a_stamp_from_the_future_does_not_hide_an_orphan() -> None:
    ahead = row("OPP-999", "I-7", created_at=at(9999), observed_at=at(-1))
    assert len(findings(rule("orphan", stream="erp.invoice"), Scene({"erp.invoice": [ahead]}))) == 1


@given(st.sets(st.sampled_from("ABCDEF")), st.sets(st.sampled_from("ABCDEF")))
def test_orphans_are_exactly_the_records_without_a_parent(
    parents: set[str], children: set[str]
) -> None:
    scene = Scene(
        {
            "crm.opportunity": [row(name, f"root-{name}") for name in parents],
            "erp.invoice": [row(name, f"invoice-{name}") for name in children],
        }
    )
    found = findings(rule("orphan", stream="erp.invoice"), scene)
    assert {each.transaction for each in found} == children - parents


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"stream": "erp.invoce"}, "unknown stream 'erp.invoce'; did you mean 'erp.invoice'?"),
        ({"stream": "erp.invoice", "of": "erp.order"}, "unknown stream 'erp.order'"),
        (
            {"stream": "crm.opportunity"},
            "records of crm.opportunity cannot be orphans of crm.opportunity",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    settings: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        rule("orphan", **settings)
    assert str(refused.value).startswith(sentence)
