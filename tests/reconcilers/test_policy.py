import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from monitor.core.ports import Rule
from reconcilers.decisions import Words, is_covered
from tests.reconcilers.scene import Row, Scene, at, findings, row, rule

TABLE = [
    {"when": {"region": "EMEA", "service_line": "Advisory"}, "then": {"legal_entity": "DE01"}},
    {"when": {"region": "EMEA"}, "then": {"legal_entity": "DE02", "cost_centre": ["C1", "C2"]}},
    {"when": {"payment_terms": "prepaid"}, "then": {"legal_entity": "GB01"}},
]
GIVEN = {
    "region": "crm.opportunity",
    "service_line": "crm.opportunity",
    "payment_terms": "contracts.contract",
}


def policy(**settings: Any) -> Rule:
    return rule("policy", **{"given": GIVEN, "stream": "erp.project", "rows": TABLE, **settings})


def deal(region: str | None, line: str | None, terms: str | None, **project: Any) -> Scene:
    opportunity = row("OPP-1", "006", region=region, service_line=line, amount=Decimal(9))
    return Scene(
        {
            "crm.opportunity": [opportunity],
            "contracts.contract": [row("OPP-1", "C", payment_terms=terms)],
            "erp.project": [row("OPP-1", "E", **project)],
        }
    )


def test_what_does_not_follow_from_the_first_row_that_fits_is_a_break() -> None:
    scene = deal("emea", "ADVISORY", None, legal_entity="DE02", modified_at=at(-2))
    (finding,) = findings(policy(), scene)
    assert finding.kind is BreakKind.POLICY
    assert (finding.system, finding.stream, finding.record_id) == ("erp", "project", "E")
    assert (finding.field, finding.expected, finding.actual) == ("legal_entity", "DE01", "DE02")
    assert finding.hop == "crm.opportunity, contracts.contract -> erp.project"
    assert (finding.value_at_risk, finding.owner, finding.since) == (Decimal(9), "finance", at(-2))


def test_a_row_may_leave_several_values_and_decide_several_fields() -> None:
    scene = deal("EMEA", "Delivery", None, legal_entity="de02", cost_centre="C3")
    (finding,) = findings(policy(), scene)
    assert (finding.field, finding.expected, finding.actual) == ("cost_centre", "C1 or C2", "C3")
    assert findings(policy(), deal("EMEA", None, None, legal_entity="DE02", cost_centre="c2")) == ()


def test_no_value_does_not_follow() -> None:
    (finding,) = findings(policy(), deal("EMEA", "Advisory", None))
    assert (finding.expected, finding.actual) == ("DE01", None)


def test_facts_of_several_streams_decide_together() -> None:
    assert findings(policy(), deal("US", None, "Prepaid", legal_entity="GB01")) == ()
    (finding,) = findings(policy(), deal("US", None, "Prepaid", legal_entity="DE01"))
    assert finding.expected == "GB01"


def test_what_no_row_covers_is_a_break_unless_it_is_allowed() -> None:
    scene = deal("US", None, "net30", legal_entity="DE01")
    (finding,) = findings(policy(), scene)
    assert (finding.field, finding.expected) == ("", "a row of the table")
    assert finding.actual == "region US, service_line unknown, payment_terms net30"
    assert findings(policy(uncovered="allow"), scene) == ()


def test_without_a_record_that_gives_the_facts_nothing_is_judged() -> None:
    rows = deal("US", None, "net30", legal_entity="DE01").rows
    assert findings(policy(), Scene({**rows, "contracts.contract": []})) == ()


def test_only_the_records_that_count_are_read_and_checked() -> None:
    scene = deal("EMEA", None, "prepaid", status="draft", legal_entity="XX")
    assert findings(policy(where={"status": "active"}), scene) == ()
    opportunities = [
        row("OPP-1", "1", region="EMEA", service_line="Advisory", status="lost"),
        row("OPP-1", "2", region="US", status="won"),
    ]
    two = scene.with_rows(crm__opportunity=opportunities)
    asked = policy(given_where={"crm.opportunity": {"status": "won"}})
    assert [finding.expected for finding in findings(asked, two)] == ["GB01"]


def test_a_stream_may_be_held_to_its_own_facts() -> None:
    table = [{"when": {"region": "EMEA"}, "then": {"legal_entity": "DE01"}}]
    asked = rule("policy", given={"region": "erp.project"}, stream="erp.project", rows=table,
                 uncovered="allow")  # fmt: skip
    projects = [
        row("OPP-1", "right", region="EMEA", legal_entity="DE01"),
        row("OPP-1", "wrong", region="EMEA", legal_entity="GB01"),
        row("OPP-1", "elsewhere", region="UK", legal_entity="GB01"),
    ]
    (finding,) = findings(asked, Scene({"erp.project": projects}))
    assert finding.record_id == "wrong"


def test_a_key_pairs_the_record_that_gives_with_the_one_that_follows() -> None:
    def contract(number: str, terms: str) -> Row:
        return row("OPP-1", number, keys=[f"contract:{number}"], payment_terms=terms)

    scene = Scene(
        {
            "contracts.contract": [contract("A", "prepaid"), contract("B", "net30")],
            "erp.project": [
                row("OPP-1", "1", keys=["contract:A"], cost_centre="P"),
                row("OPP-1", "2", keys=["contract:B"], cost_centre="P"),
            ],
        }
    )
    table = [
        {"when": {"payment_terms": "prepaid"}, "then": {"cost_centre": "P"}},
        {"then": {"cost_centre": "N"}},
    ]
    given_by = {"payment_terms": "contracts.contract"}
    paired = rule("policy", given=given_by, stream="erp.project", rows=table, match="contract")
    assert [finding.record_id for finding in findings(paired, scene)] == ["2"]


def test_a_record_must_follow_from_each_record_that_gives_facts() -> None:
    opportunities = [row("OPP-1", "1", region="EMEA"), row("OPP-1", "2", region="UK")]
    table = [
        {"when": {"region": "EMEA"}, "then": {"legal_entity": "DE01"}},
        {"when": {"region": "UK"}, "then": {"legal_entity": "GB01"}},
    ]
    asked = rule("policy", given={"region": "crm.opportunity"}, stream="erp.project", rows=table)
    projects = [row("OPP-1", "E", legal_entity="DE01")]
    scene = Scene({"crm.opportunity": opportunities, "erp.project": projects})
    assert [finding.expected for finding in findings(asked, scene)] == ["GB01"]


def test_booleans_and_integers_decide_too() -> None:
    table = [
        {"when": {"billed": True}, "then": {"status": "closed"}},
        {"when": {"billed": False}, "then": {"status": "open"}},
    ]
    asked = rule("policy", given={"billed": "psa.milestone"}, stream="psa.milestone", rows=table)
    milestones = [
        row("OPP-1", "1", billed=True, status="open"),
        row("OPP-1", "2", billed=False, status="open"),
        row("OPP-1", "3", status="open"),
    ]
    found = findings(asked, Scene({"psa.milestone": milestones}))
    assert [(each.record_id, each.expected) for each in found] == [
        ("1", "closed"),
        ("3", "a row of the table"),
    ]


REGIONS = st.sampled_from(["EMEA", "US", None])
LINES = st.sampled_from(["Advisory", "Delivery", None])


@given(
    REGIONS, LINES, st.sampled_from(["prepaid", None]), st.sampled_from(["DE01", "DE02", "GB01"])
)
def test_the_first_row_that_fits_decides(
    region: str | None, line: str | None, terms: str | None, entity: str
) -> None:
    if region == "EMEA":
        right = "DE01" if line == "Advisory" else "DE02"
    else:
        right = "GB01" if terms else ""
    found = findings(
        policy(uncovered="allow"), deal(region, line, terms, legal_entity=entity, cost_centre="C1")
    )
    assert [finding.expected for finding in found] == (
        [] if entity == right or not right else [right]
    )


WORDS = st.fixed_dictionaries(
    {},
    optional={
        name: st.frozensets(st.sampled_from("ab"), min_size=1) for name in ("one", "two", "three")
    },
)


@given(WORDS, st.lists(WORDS, max_size=5))
def test_a_row_is_covered_when_every_value_there_could_be_is_taken_above(
    below: Words, above: Sequence[Words]
) -> None:
    def takes(asked: Words, values: dict[str, str]) -> bool:
        return all(values[name] in words for name, words in asked.items())

    every = [
        dict(zip(("one", "two", "three"), each, strict=True))
        for each in itertools.product("abz", repeat=3)
    ]
    reached = [
        values
        for values in every
        if takes(below, values) and not any(takes(other, values) for other in above)
    ]
    assert is_covered(below, above) is not bool(reached)


EMEA = {"when": {"region": "EMEA"}, "then": {"legal_entity": "A"}}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"given": {"regio": "crm.opportunity"}}, "unknown field of crm.opportunity 'regio'"),
        ({"given": {"region": "crm.deal"}}, "unknown stream 'crm.deal'"),
        (
            {"given": {**GIVEN, "owner": "crm.opportunity"}},
            "'owner' is given, and no row asks for it",
        ),
        (
            {"rows": [{"when": {"owner": "x"}, "then": {"legal_entity": "A"}}]},
            "row 1 asks for 'owner', which is not among 'given'",
        ),
        (
            {"rows": [EMEA, {"when": {"region": "US"}, "then": {"legal": "A"}}]},
            "row 2: unknown field of erp.project 'legal'",
        ),
        ({"rows": [EMEA, EMEA]}, "row 2 repeats row 1: both ask for the same"),
        (
            {"rows": [EMEA, {"when": {"region": "emea"}, "then": {"legal_entity": "B"}}]},
            "row 2 contradicts row 1: both ask for the same",
        ),
        (
            {"rows": [EMEA, {**EMEA, "when": {"region": "EMEA", "service_line": "Advisory"}}]},
            "row 2 can never be reached: the rows above take all of it",
        ),
        (
            {"rows": [{"then": {"legal_entity": "A"}}, EMEA]},
            "row 2 can never be reached: the rows above take all of it",
        ),
        (
            {"rows": [{**EMEA, "when": {"region": []}}]},
            "row 1 can never be reached: 'region' has no values",
        ),
        (
            {"given_where": {"psa.project": {"status": "open"}}},
            "'given_where' names psa.project, of which nothing is given",
        ),
        (
            {"rows": [{"when": {"region": True}, "then": {"legal_entity": "A"}}]},
            "row 1: field 'region' of crm.opportunity is text: write the value in quotes",
        ),
    ],
)
def test_tables_that_cannot_mean_what_was_meant_are_refused(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        policy(**settings)
    assert str(refused.value).startswith(sentence)
