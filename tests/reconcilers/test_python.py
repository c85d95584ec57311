"""Functions of a firm's own: what they find, and what they are refused for."""

from decimal import Decimal
from typing import Any

import pytest

from monitor.core.model import StreamId
from monitor.core.ports import Rule
from tests.reconcilers.scene import Scene, findings, row, rule


def asked(function: str, **settings: Any) -> Rule:
    usual = {"streams": ["crm.opportunity", "psa.project"], "stream": "psa.project"}
    return rule("python", function=function, **{**usual, **settings})


def scene(amount: str) -> Scene:
    return Scene(
        {
            "crm.opportunity": [row("D", "1", amount=Decimal(100), currency="EUR")],
            "psa.project": [row("D", "7", amount=Decimal(amount))],
        }
    )


def test_each_row_of_the_answer_is_a_break() -> None:
    (found,) = findings(asked("dear-projects"), scene("100.01"))
    assert (found.transaction, found.record_id, found.field) == ("D", "7", "amount")
    assert (found.expected, found.actual) == ("100", "100.01")
    assert not findings(asked("dear-projects"), scene("100.00"))


def test_it_needs_the_streams_that_it_is_given_and_the_one_at_fault() -> None:
    needed = asked("dear-projects", stream="erp.invoice").needs
    named = {("crm", "opportunity"), ("psa", "project"), ("erp", "invoice")}
    assert needed == {StreamId(*each) for each in named}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"function": "dear-project"},
            r"unknown function of tieout.checks 'dear-project'; did you mean 'dear-projects'\?",
        ),
        ({"function": "os:system"}, "unknown function of tieout.checks 'os:system'"),
        ({"function": "failing"}, "the function failed: ColumnNotFoundError"),
        ({"function": "wordy"}, "the function answered with str, not a DataFrame"),
        ({"function": "limit"}, "'firm_checks:LIMIT' is no function"),
        ({"function": "gone"}, "'firm_checks:gone' cannot be loaded: AttributeError"),
        ({"function": "dear-projects", "streams": ["psa.projct"]}, "unknown stream 'psa.projct'"),
        (
            {"function": "dear-projects", "streams": ["psa.project"]},
            "the function failed: KeyError",
        ),
        ({"function": "dearest-project"}, "depends on others"),
    ],
)
def test_a_function_that_does_not_fit_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        asked(**settings)
