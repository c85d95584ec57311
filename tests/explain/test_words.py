"""What is said of each kind of break: one clear sentence why, and one what to do."""

import pytest

from monitor.core.breaks import BreakKind, Classification
from monitor.core.flows import HandOffSettings
from monitor.explaining.remedy import propose
from monitor.explaining.words import describe_rule, say_why
from tests.store.building import a_finding

SOURCE = "crm.opportunity"


@pytest.mark.parametrize("kind", list(BreakKind))
@pytest.mark.parametrize("actual", ["2026-01-02", None])
@pytest.mark.parametrize("expected", ["2026-01-01", None])
@pytest.mark.parametrize("source", [SOURCE, ""])
def test_every_kind_has_words(
    kind: BreakKind, actual: str | None, expected: str | None, source: str
) -> None:
    found = a_finding(kind=kind, actual=actual, expected=expected, field="", owner="")
    for sentence in (say_why(found, source), propose(found, source)):
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence.startswith(("erp.", "crm."))
        assert not {"None", "{", "}", "  "} & set(sentence)
        assert "None" not in sentence
        assert "  " not in sentence


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({}, "Set amount of erp.project 7 to 100.00, as crm.opportunity says."),
        ({"expected": None}, "Clear amount of erp.project 7, as crm.opportunity has none."),
        (
            {"kind": BreakKind.MISSING, "actual": None, "field": ""},
            (
                "Create the project in erp.project under deal OPP-1 from crm.opportunity, or replay"
                " its message."
            ),
        ),
        (
            {"kind": BreakKind.LATE, "actual": None, "field": ""},
            (
                "Wait: it may still arrive. If it does not, create the project in erp.project under"
                " deal OPP-1 from crm.opportunity, or replay its message."
            ),
        ),
        (
            {"kind": BreakKind.LATE, "actual": "2026-01-02"},
            "Nothing: it has arrived. Ask finance why it took so long.",
        ),
        (
            {"kind": BreakKind.TIE_OUT, "classification": Classification.ROUNDING},
            "Book the rounding residual on the last part in erp.project.",
        ),
        (
            {"kind": BreakKind.POLICY, "field": "tax_code", "expected": "DE19"},
            "Set tax code of erp.project 7 to DE19, as crm.opportunity says.",
        ),
    ],
)
def test_the_fix_names_the_record_the_value_and_who_says_so(
    changes: dict[str, object], remedy: str
) -> None:
    found = a_finding("OPP-1", **changes)
    assert propose(found, SOURCE, "deal OPP-1") == remedy


def test_record_content_is_never_a_pattern_to_fill() -> None:
    found = a_finding(record_id="{owner}", owner="{record}", kind=BreakKind.DEAD_LETTER)
    assert "erp.project {owner}" in propose(found, "")


def test_a_rule_is_told_by_what_the_landscape_says_and_without_defaults() -> None:
    settings = HandOffSettings.model_validate(
        {
            "from": "crm.opportunity",
            "to": "psa.project",
            "when": {"status": ["won", "signed"], "active": True},
            "start": "closed_at",
            "within": "4h",
            "objective": "Nothing waits.",
        }
    )
    told = describe_rule("won-to-project", settings)
    assert (told.check, told.objective) == ("hand_off", "Nothing waits.")
    assert told.settings == (
        "from: crm.opportunity",
        "to: psa.project",
        "when status: won, signed",
        "when active: yes",
        "start: closed_at",
        "within: PT4H",
    )


def test_a_rule_that_is_gone_is_told_as_that() -> None:
    assert describe_rule("gone", None).check == ""
