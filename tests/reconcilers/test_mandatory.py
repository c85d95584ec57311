from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from monitor.core.model import StreamId
from reconcilers.mandatory import MandatorySettings, build
from tests.reconcilers.scene import CONTEXT, Scene, at, findings, row, rule

STAGES = [
    {"fields": ["name"]},
    {"when": {"status": ["active", "closed"]}, "fields": ["cost_centre", "amount", "start_on"]},
]
BY_STAGE = rule("mandatory", stream="psa.project", stages=STAGES)


def project(record: str = "P", **fields: Any) -> Scene:
    return Scene({"psa.project": [row("OPP-1", record, **fields)]})


def lacking(scene: Scene) -> set[str]:
    return {finding.field for finding in findings(BY_STAGE, scene)}


def test_a_field_that_its_stage_needs_is_named() -> None:
    scene = project(
        name="One", status="active", cost_centre="C", amount=Decimal(0), modified_at=at(-3)
    )
    (finding,) = findings(BY_STAGE, scene)
    assert finding.kind is BreakKind.POLICY
    assert (finding.system, finding.stream, finding.record_id) == ("psa", "project", "P")
    assert (finding.field, finding.expected, finding.actual) == ("start_on", "a value", None)
    assert (finding.owner, finding.since) == ("delivery", at(-3))


def test_what_a_later_stage_needs_is_not_asked_of_an_earlier_one() -> None:
    assert lacking(project(name="One", status="draft")) == set()
    assert lacking(project(name="One")) == set()
    assert lacking(project(status="Closed")) == {"name", "cost_centre", "amount", "start_on"}


@pytest.mark.parametrize("blank", ["", "  ", "\t", None])
def test_blanks_are_no_value_and_zero_and_false_are(blank: str | None) -> None:
    assert "cost_centre" in lacking(project(status="active", cost_centre=blank))
    assert "amount" not in lacking(project(status="active", amount=Decimal(0)))
    asked = rule("mandatory", stream="psa.milestone", stages=[{"fields": ["billed"]}])
    told = Scene({"psa.milestone": [row("OPP-1", "M", billed=False)]})
    assert findings(asked, told) == ()


def test_a_field_that_two_stages_ask_for_is_one_break() -> None:
    stages = [{"fields": ["name"]}, {"when": {"status": "active"}, "fields": ["name"]}]
    asked = rule("mandatory", stream="psa.project", stages=stages)
    assert len(findings(asked, project(status="active"))) == 1


@given(st.sets(st.sampled_from(["name", "cost_centre", "amount", "start_on"])), st.booleans())
def test_what_is_lacking_is_exactly_what_is_asked_and_not_filled(
    filled: set[str], active: bool
) -> None:
    values = {"name": "N", "cost_centre": "C", "amount": Decimal(1), "start_on": at(0).date()}
    given_values: dict[str, Any] = {name: values[name] for name in filled}
    scene = project(status="active" if active else "draft", **given_values)
    asked = set(values) if active else {"name"}
    assert lacking(scene) == asked - filled


def test_a_field_that_nothing_fills_is_refused() -> None:
    stream = StreamId("psa", "project")
    context = replace(CONTEXT, mapped={stream: frozenset({"name", "status"})})
    stages = [{"when": {"status": "active"}, "fields": ["name", "cost_centre"]}]
    settings = MandatorySettings.model_validate(
        {"check": "mandatory", "stream": str(stream), "stages": stages}
    )
    with pytest.raises(ValueError, match=r"psa.project maps nothing to the field 'cost_centre'"):
        build("the-rule", settings, context)


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        ([{"fields": ["nam"]}], "unknown field of psa.project 'nam'; did you mean 'name'?"),
        ([{"when": {"stat": "x"}, "fields": ["name"]}], "unknown field of psa.project 'stat'"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    stages: list[dict[str, Any]], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        rule("mandatory", stream="psa.project", stages=stages)
    assert str(refused.value).startswith(sentence)
