"""An explanation character by character. `python -m tests.explain.test_telling` writes it anew."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.breaks import BreakKind, BreakState, Severity
from monitor.core.ignores import Decision, Ignore
from monitor.core.model import StreamId
from monitor.explaining.cohorts import Cohort
from monitor.explaining.explanation import Explanation, RuleAccount, Side
from monitor.explaining.origin import Cause, Change, Origin
from monitor.explaining.remedy import propose
from monitor.explaining.telling import tell_explanation
from monitor.explaining.words import say_before, say_why
from tests.store.building import START, a_break, a_finding, at

GOLDEN = Path(__file__).parent / "golden"
CRM, ERP = StreamId("crm", "opportunity"), StreamId("erp", "project")


def a_mismatch() -> Explanation:
    found = a_finding(severity=Severity.CRITICAL)
    change = Change(
        ERP,
        "7",
        {"amount": "100.000000", "name": "Roll-out", "status": "active"},
        {"amount": "90.000000", "name": "Roll-out", "status": "active"},
        at(2),
    )
    origin = Origin(Cause.RECORD_CHANGED, START, (change,))
    until = START + timedelta(days=30)
    return Explanation(
        subject=a_break(found, BreakState.SUPPRESSED),
        why=say_why(found, str(CRM)),
        sides=(Side(CRM, "1", "100.000000"), Side(ERP, "7", "90.000000")),
        rule=RuleAccount(
            "amounts", "mismatch", "What is billed is what was won.", ("left: crm.opportunity",)
        ),
        origin=origin,
        before=say_before(found, origin),
        cohorts=(Cohort("connector_version", "2.3", 12, 12, 100, 1000, 9.92),),
        broken=12,
        compared=1000,
        remedy=propose(found, str(CRM)),
        ignore=Ignore(3, Decision("ann", "known since spring", until), START, 1),
    )


def a_missing() -> Explanation:
    found = a_finding(
        kind=BreakKind.MISSING,
        field="",
        record_id="",
        expected="2026-03-01T12:00:00.000000+00:00",
        actual=None,
        hop="won-to-project",
    )
    origin = Origin(Cause.TIME_PASSED, START)
    return Explanation(
        subject=a_break(found),
        why=say_why(found, str(CRM)),
        sides=(Side(CRM, "1", None),),
        rule=RuleAccount("gone"),
        origin=origin,
        before=say_before(found, origin),
        cohorts=(),
        broken=1,
        compared=40,
        remedy=propose(found, str(CRM), "deal OPP-1"),
        ignore=None,
    )


def texts() -> dict[str, str]:
    return {
        "mismatch.txt": "\n".join(tell_explanation(a_mismatch())) + "\n",
        "mismatch.json": json.dumps(a_mismatch().as_json(), indent=2) + "\n",
        "missing.txt": "\n".join(tell_explanation(a_missing())) + "\n",
        "missing.json": json.dumps(a_missing().as_json(), indent=2) + "\n",
    }


@pytest.mark.parametrize("name", sorted(texts()))
def test_the_explanation_is_the_one_that_was_approved(name: str) -> None:
    assert texts()[name] == (GOLDEN / name).read_text("utf-8")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, text in texts().items():
        (GOLDEN / name).write_text(text, "utf-8")
