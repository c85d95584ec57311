"""Rules that cannot be meant are refused at their line, by the rules themselves."""

from pathlib import Path

import pytest

from monitor.app import read_landscape
from monitor.config import ConfigurationError
from tests.docs.firm import landscape_with

MISMATCH = "check: mismatch, left: crm.opportunity, right: psa.project"
HAND_OFF = "from: crm.opportunity, to: psa.project, start: closed_at, within: 4h"
POLICY = (
    "check: policy, given: {name: crm.opportunity}, stream: psa.project, "
    "rows: [{when: {name: a}, then: {name: b}}]"
)
ASK = "check: expression, stream: psa.project, query"


def refusal(section: str, text: str, folder: Path) -> tuple[str, str]:
    """Where in the text, as `line:column`, and in what words."""
    written = landscape_with(section, text)
    path = folder / "landscape.yaml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_landscape(path, {})
    (issue,) = refused.value.issues
    assert issue.file == str(path)
    first = next(
        n for n, line in enumerate(written.splitlines(), 1) if line.endswith(f"{section}:")
    )
    assert issue.path.startswith(f"flows.sales-to-cash.{section}.it")
    return f"{issue.line - first}:{issue.column}", issue.message


@pytest.mark.parametrize(
    ("rule", "place", "message"),
    [
        (f"{{{MISMATCH}, fields: {{amout: {{}}}}}}", "1:11",
         "unknown field of crm.opportunity 'amout'; did you mean 'amount'?"),
        (f"{{{MISMATCH}, fields: {{amount: {{right: start_on}}}}}}", "1:11",
         "field 'amount': decimal cannot be compared with date"),
        (f"{{{MISMATCH}, fields: {{name: {{tolerance: '1'}}}}}}", "1:11",
         "field 'name': 'tolerance' is for numbers, not for text and text"),
        (f"{{{MISMATCH}, fields: {{amount: {{tolerance: '0.0000001'}}}}}}", "1:11",
         "field 'amount': the tolerance 1E-7 is less than numbers can differ by"),
        (f"{{{MISMATCH}, fields: {{amount: {{relative: '1'}}}}}}", "1:11",
         "field 'amount': a relative tolerance of 1 takes 0 for any number; 0.01 is one of 1 %"),
        (f"{{{MISMATCH}, fields: {{name: {{}}}}, match: quote}}", "1:11",
         "unknown key of crm.opportunity 'quote'"),
        ("{check: duplicate, stream: psa.project, key: dael}", "1:11",
         "unknown key of psa.project 'dael'; did you mean 'deal'?"),
        ("{check: orphan, stream: erp.invoice, where: {status: []}}", "1:11",
         "field 'status' of erp.invoice can never be one of no values"),
        ("{check: orphan, stream: erp.invoice, where: {amount: '5'}}", "1:11",
         "field 'amount' of erp.invoice is decimal, but text or boolean or integer is needed"),
        ("{check: dead_letter, stream: middleware.message, where: {status: done}}", "1:76",
         "'where' leaves none of the rule's own 'status'"),
        ("{check: contradiction, left: &it {stream: psa.project, when: {status: a}}, right: *it}",
         "1:40", "a record of psa.project in this state would contradict itself"),
        ("{check: requires, stream: psa.milestone, needs: erp.invoice, match: mile}", "1:11",
         "unknown key of psa.milestone 'mile'; did you mean 'milestone'?"),
        (f"{{{POLICY}, match: quote}}", "1:131", "unknown key of psa.project 'quote'"),
        (f"{{{ASK}: SELECT amout FROM psa.project}}", "1:59",
         "unknown column 'amout'; did you mean 'amount'?"),
        (f"{{{ASK}: SELECT transaction FROM psa.projects}}", "1:59",
         "unknown table 'psa.projects'; did you mean 'psa.project'?"),
        (f"{{{ASK}: SELECT transaction FROM psa.project WHERE amount > 'x'}}", "1:59",
         "a number, a truth value or an instant meets a text; write a CAST"),
        ("{check: python, stream: psa.project, streams: [psa.project], function: os:system}",
         "1:82", "unknown function of tieout.checks 'os:system'"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused(
    rule: str, place: str, message: str, tmp_path: Path
) -> None:
    assert refusal("rules", f"it: {rule}\n", tmp_path) == (place, message)


@pytest.mark.parametrize(
    ("hand_off", "place", "message"),
    [
        (f"{{{HAND_OFF}, when: {{amount: '5'}}}}", "1:11",
         "field 'amount' of crm.opportunity is decimal, but text or boolean or integer is needed"),
        (f"{{{HAND_OFF}, when: {{status: true}}}}", "1:11",
         "field 'status' of crm.opportunity is text: write the value in quotes"),
        (f"{{{HAND_OFF}, that: {{status: []}}}}", "1:11",
         "field 'status' of psa.project can never be one of no values"),
    ],
)  # fmt: skip
def test_a_hand_off_that_cannot_be_meant_is_refused(
    hand_off: str, place: str, message: str, tmp_path: Path
) -> None:
    assert refusal("hand_offs", f"it: {hand_off}\n", tmp_path) == (place, message)
