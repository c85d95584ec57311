from typing import Any

import pytest
from pydantic import ValidationError

from reconcilers.tie_out import TieOutSettings
from tests.reconcilers.tie_out.sides import AGREED, PLANNED, SIDES, tie_out


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
