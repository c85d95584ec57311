from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind, Finding
from monitor.core.ports import Deadline, Rule
from tests.reconcilers.scene import NOW, Row, Scene, at, findings, in_order, row, rule, said


def lineage(**settings: Any) -> Rule:
    return rule(
        "lineage",
        **{
            "stream": "crm.change_order",
            "where": {"status": "approved"},
            "start": "approved_at",
            "key": "change_order",
            "downstream": [{"stream": "psa.change_order", "within": "4h"}],
            **settings,
        },
    )


def order(number: str = "C1", revision: int | None = 1, approved: float = -9, **more: Any) -> Row:
    fields = {
        "status": "approved",
        "approved_at": at(approved),
        "amount": Decimal(70),
        "currency": "EUR",
        **more,
    }
    record = fields.pop("record", f"{number}/{revision}")
    return row("OPP-1", record, keys=[f"change_order:{number}"], revision=revision, **fields)


def copy(number: str = "C1", revision: int | None = 1, record: str = "", **fields: Any) -> Row:
    keys = [f"change_order:{number}"]
    return row("OPP-1", record or number, keys=keys, revision=revision, **fields)


def scene(orders: list[Row], copies: list[Row], **looked: datetime | None) -> Scene:
    named = {name.replace("__", "."): until for name, until in looked.items()}
    return Scene({"crm.change_order": orders, "psa.change_order": copies}, looked=named)


def said_of(finding: Finding) -> tuple[str, str, str | None, str | None]:
    return (finding.record_id, finding.field, finding.expected, finding.actual)


def test_an_approved_change_order_that_a_system_lacks_is_missing_there() -> None:
    (finding,) = findings(lineage(), scene([order()], []))
    assert finding.kind is BreakKind.MISSING
    assert (finding.system, finding.stream) == ("psa", "change_order")
    assert (finding.entity, finding.hop) == ("change_order", "crm.change_order -> psa.change_order")
    assert said_of(finding) == ("change_order:C1", "", "1", None)
    assert (finding.value_at_risk, finding.currency) == (Decimal(70), "EUR")
    assert (finding.owner, finding.since) == ("delivery", at(-5))


def test_absence_may_be_left_to_a_hand_off() -> None:
    asked = lineage(downstream=[{"stream": "psa.change_order", "absent": "allow"}])
    assert in_order(asked.evaluate(scene([order()], []).scope())) == said()


def test_a_copy_at_an_older_version_is_behind() -> None:
    (finding,) = findings(lineage(), scene([order(), order(revision=2, approved=-8)], [copy()]))
    assert finding.kind is BreakKind.LINEAGE
    assert said_of(finding) == ("C1", "revision", "2", "1")
    assert finding.since == at(-4)


def test_a_copy_without_a_version_is_behind_and_a_version_without_a_number_is_not_compared() -> (
    None
):
    (finding,) = findings(lineage(), scene([order()], [copy(revision=None)]))
    assert said_of(finding) == ("C1", "revision", "1", None)
    assert findings(lineage(), scene([order(revision=None)], [copy()])) == ()


def test_a_copy_at_a_version_that_was_never_approved_is_ahead() -> None:
    orders = [order(), order(revision=2, status="draft")]
    (finding,) = findings(lineage(), scene(orders, [copy(revision=2)]))
    assert finding.kind is BreakKind.LINEAGE
    assert said_of(finding) == ("C1", "revision", "1", "2")


def test_the_same_version_is_fine_and_so_are_all_versions_side_by_side() -> None:
    orders = [order(), order(revision=2)]
    assert in_order(lineage().evaluate(scene(orders, [copy(revision=2)]).scope())) == said()
    both = [copy(), copy(revision=2, record="other")]
    assert in_order(lineage().evaluate(scene(orders, both).scope())) == said()


def test_one_version_in_two_records_was_put_in_twice() -> None:
    copies = [copy(record="B", created_at=at(-2)), copy(record="A", created_at=at(-3))]
    (finding,) = findings(lineage(), scene([order()], copies))
    assert finding.kind is BreakKind.LINEAGE
    assert said_of(finding) == ("B", "", "A", "B")
    assert (finding.value_at_risk, finding.since) == (Decimal(70), at(-2))


def test_records_side_by_side_must_each_follow() -> None:
    asked = lineage(key=None, downstream=[{"stream": "psa.change_order", "copies": "several"}])
    copies = [copy(record="A"), copy(record="B"), copy(record="C", revision=2)]
    found = findings(asked, scene([order(revision=2)], copies))
    assert [said_of(finding) for finding in found] == [
        ("A", "revision", "2", "1"),
        ("B", "revision", "2", "1"),
    ]


def test_before_its_time_a_system_may_be_behind() -> None:
    expected = said(Deadline("OPP-1", at(3)))
    assert in_order(lineage().evaluate(scene([order(approved=-1)], []).scope())) == expected
    orders = [order(), order(revision=2, approved=-1)]
    assert in_order(lineage().evaluate(scene(orders, [copy()]).scope())) == expected


@pytest.mark.parametrize("looked", [at(-6), None])
def test_nobody_is_behind_before_having_been_looked_at(looked: datetime | None) -> None:
    for copies in ([], [copy(revision=0)]):
        unseen = scene([order()], copies, psa__change_order=looked)
        assert in_order(lineage().evaluate(unseen.scope())) == said(Deadline("OPP-1", at(-5)))


def test_what_was_approved_after_the_last_look_downstream_has_to_wait() -> None:
    backdated = order(modified_at=at(-1), observed_at=at(-0.5))
    unseen = scene([backdated], [], psa__change_order=at(-2))
    assert in_order(lineage().evaluate(unseen.scope())) == said(Deadline("OPP-1", at(-1)))


@pytest.mark.parametrize("looked", [at(-6), None])
def test_nobody_is_ahead_of_a_system_that_was_not_looked_at_since(looked: datetime | None) -> None:
    newer = copy(revision=2, created_at=at(-8), modified_at=at(-5), observed_at=at(-4))
    unseen = scene([order()], [newer], crm__change_order=looked)
    assert in_order(lineage().evaluate(unseen.scope())) == said(Deadline("OPP-1", at(-5)))


def test_each_system_has_its_own_time_and_its_own_owner() -> None:
    asked = lineage(
        downstream=[
            {"stream": "psa.change_order", "within": "4h"},
            {"stream": "erp.change_order", "within": "8h"},
            {"stream": "contracts.contract", "within": "20h"},
        ]
    )
    verdict = asked.evaluate(scene([order()], []).scope())
    assert [finding.owner for finding in verdict.findings] == ["delivery", "finance"]
    assert verdict.deadlines == (Deadline("OPP-1", at(11)),)


def test_a_contract_version_is_followed_by_projects_under_a_name_of_their_own() -> None:
    asked = rule(
        "lineage",
        stream="contracts.contract",
        where={"status": "signed"},
        downstream=[{"stream": "cpq.quote", "version": "revision", "absent": "allow"}],
    )
    contract = row("OPP-1", "C", status="signed", revision=3)
    rows = {"contracts.contract": [contract], "cpq.quote": [row("OPP-1", "Q", revision=2)]}
    (finding,) = findings(asked, Scene(rows))
    assert said_of(finding) == ("Q", "revision", "3", "2")


REVISIONS = st.lists(st.integers(1, 4), max_size=4)


@given(REVISIONS, REVISIONS)
def test_what_is_said_follows_from_the_latest_versions(ours: list[int], theirs: list[int]) -> None:
    orders = [order(revision=each, record=f"o{number}") for number, each in enumerate(ours)]
    copies = [copy(revision=each, record=f"c{number}") for number, each in enumerate(theirs)]
    found = findings(lineage(), scene(orders, copies))
    apart = [(each.expected, each.actual) for each in found if each.field]
    missing = [each for each in found if each.kind is BreakKind.MISSING]
    twice = [each for each in found if each.kind is BreakKind.LINEAGE and not each.field]
    assert len(twice) == sum(1 for each in set(theirs) if theirs.count(each) > 1)
    assert bool(missing) is bool(ours and not theirs)
    differs = bool(ours and theirs) and max(ours) != max(theirs)
    assert apart == ([(str(max(ours)), str(max(theirs)))] if differs else [])


@given(st.integers(-9, 9), st.integers(0, 9), st.integers(-9, 9) | st.none())
def test_every_lack_is_found_or_awaited_and_never_both(
    approved: int, within: int, looked: int | None
) -> None:
    seen = None if looked is None else min(at(looked), NOW)
    asked = lineage(downstream=[{"stream": "psa.change_order", "within": f"{within}h"}])
    unseen = scene([order(approved=approved)], [], psa__change_order=seen)
    verdict = asked.evaluate(unseen.scope())
    counts = seen is not None and at(approved + within) <= seen
    assert bool(verdict.findings) is counts
    assert verdict.deadlines == (() if counts else (Deadline("OPP-1", at(approved + within)),))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"version": "revison"}, "unknown field of crm.change_order 'revison'; did you mean 'revi"),
        (
            {"version": "status"},
            "field 'status' of crm.change_order is text, but integer is needed",
        ),
        ({"downstream": [{"stream": "crm.change_order"}]}, "a stream is named twice"),
        (
            {"downstream": [{"stream": "psa.change_order"}, {"stream": "psa.change_order"}]},
            "a stream is named twice",
        ),
        ({"downstream": [{"stream": "psa.project"}]}, "unknown field of psa.project 'revision'"),
        ({"calendar": "ofice"}, "unknown calendar 'ofice'; did you mean 'office'?"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        lineage(**settings)
    assert str(refused.value).startswith(sentence)
