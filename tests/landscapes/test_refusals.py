"""Rules that cannot mean what was meant are refused at their own line."""

from pathlib import Path

import pytest

from monitor.app import read_landscape
from monitor.config import ConfigurationError

LANDSCAPE = Path(__file__).parents[2] / "examples" / "sales-to-cash" / "landscape.yaml"

NEVER_THE_SAME = (
    "'created_at' of psa.assignment is instant, 'role' of contracts.role text: "
    "they can never be the same"
)

FAULTS = {
    "then: {legal_entity: DE02, tax_code: V1}": (
        "then: {legal_entity: DE02, tax_cod: V1}",
        "row 3: unknown field of erp.project 'tax_cod'; did you mean 'tax_code'?",
        "legal-entity.rows[2]",
    ),
    "- when: {region: EMEA, service_line: Advisory}": (
        "- when: {region: emea, payment_terms: Prepaid}",
        "row 2 contradicts row 1: both ask for the same",
        "legal-entity.rows[1]",
    ),
    "- when: {region: EMEA, payment_terms: prepaid}": (
        "- when: {region: [EMEA, UK]}",
        "row 2 can never be reached: the rows above take all of it",
        "legal-entity.rows[1]",
    ),
    "given: {region: crm.opportunity, service_line: crm.opportunity,": (
        "given: {region: crm.opportunity, service_line: crm.opportunity, status: crm.opportunity,",
        "'status' is given, and no row asks for it",
        "legal-entity.given.status",
    ),
    "fields: [cost_centre]": (
        "fields: [billing_rule]",
        "the stream erp.project maps nothing to the field 'billing_rule'",
        "erp-project-filled",
    ),
    "during: {day: worked_on, begins: signed_at}": (
        "during: {day: hours, begins: signed_at}",
        "field 'hours' of psa.timecard is decimal, but instant or date is needed",
        "time-under-contract",
    ),
    "same: {role: role}": (
        "same: {created_at: role}",
        NEVER_THE_SAME,
        "role-sold",
    ),
}


@pytest.mark.parametrize("written", FAULTS)
def test_a_rule_that_does_not_fit_is_refused_where_it_stands(written: str, tmp_path: Path) -> None:
    instead, sentence, place = FAULTS[written]
    text = LANDSCAPE.read_text(encoding="utf-8")
    assert text.count(written) == 1
    path = tmp_path / "landscape.yaml"
    path.write_text(text.replace(written, instead), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_landscape(path, {"DATA": str(tmp_path)})
    (issue,) = refused.value.issues
    assert issue.message == sentence
    assert issue.path == f"flows.sales-to-cash.rules.{place}"
    name = place.partition(".")[0]
    assert issue.line > text[: text.index(f"      {name}:\n")].count("\n")
