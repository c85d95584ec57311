from typing import Any

import pytest

from monitor.core.conditions import is_met, words_of
from monitor.core.flows import Condition


@pytest.mark.parametrize(
    ("condition", "fields", "met"),
    [
        ({}, {}, True),
        ({"status": "signed"}, {"status": "Signed"}, True),
        ({"status": ("signed", "Active")}, {"status": "active"}, True),
        ({"status": "signed"}, {"status": "draft"}, False),
        ({"status": "signed"}, {"status": None}, False),
        ({"status": "signed"}, {}, False),
        ({"status": "none"}, {"status": None}, False),
        ({"billed": True}, {"billed": True}, True),
        ({"billed": False}, {"billed": True}, False),
        ({"revision": "2"}, {"revision": 2}, True),
        ({"status": "signed", "revision": "2"}, {"status": "signed", "revision": 3}, False),
    ],
)
def test_a_condition_is_met_when_every_field_has_a_wanted_value(
    condition: Condition, fields: dict[str, Any], met: bool
) -> None:
    assert is_met(condition, fields) is met


def test_wanted_values_are_texts() -> None:
    assert words_of("a") == ("a",)
    assert words_of(("a", "b")) == ("a", "b")
    assert (words_of(True), words_of(False)) == (("true",), ("false",))
