from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from monitor.core.ports import Deadline, Rule
from tests.reconcilers.scene import Row, Scene, at, findings, in_order, row, rule, said


def arrived(**settings: Any) -> Rule:
    given_settings = {"stream": "bus.message", "to": "psa.project", "within": "1h", **settings}
    return rule("undelivered", where={"flow": "deal-to-project"}, **given_settings)


def message(record: str = "M", **fields: Any) -> Row:
    usual = {"status": "delivered", "flow": "deal-to-project", "updated_at": at(-3)}
    return row("OPP-1", record, keys=["quote:Q1"], **{**usual, **fields})


LOST = Scene({"bus.message": [message()]})


def test_a_delivered_message_whose_target_has_nothing_is_found() -> None:
    (finding,) = findings(arrived(), LOST)
    assert finding.kind is BreakKind.UNDELIVERED
    assert (finding.system, finding.stream, finding.record_id) == ("bus", "message", "M")
    assert finding.hop == "bus.message -> psa.project"
    assert (finding.expected, finding.actual) == ("a record in psa.project", None)
    assert (finding.owner, finding.since) == ("integration", at(-2))


def test_it_is_gone_once_the_record_is_there() -> None:
    assert findings(arrived(), LOST.with_rows(psa__project=[row("OPP-1", "P")])) == ()


@pytest.mark.parametrize("fields", [{"status": "pending"}, {"flow": "other"}, {"status": None}])
def test_a_message_that_does_not_say_so_promises_nothing(fields: dict[str, Any]) -> None:
    assert findings(arrived(), Scene({"bus.message": [message(**fields)]})) == ()


@pytest.mark.parametrize("looked", [at(-2.5), None])
def test_nothing_is_lost_in_a_target_that_was_not_looked_at(looked: datetime | None) -> None:
    scene = Scene(LOST.rows, looked={"psa.project": looked})
    assert in_order(arrived().evaluate(scene.scope())) == said(Deadline("OPP-1", at(-2)))


def test_a_key_tells_whether_it_is_this_message_that_arrived() -> None:
    asked = arrived(match="quote")
    other = LOST.with_rows(psa__project=[row("OPP-1", "P", keys=["quote:Q2"])])
    assert len(findings(asked, other)) == 1
    same = LOST.with_rows(psa__project=[row("OPP-1", "P", keys=["quote:Q1"])])
    assert findings(asked, same) == ()


def test_another_field_may_say_when_it_was_delivered() -> None:
    (finding,) = findings(
        arrived(start="created_at"), Scene({"bus.message": [message(created_at=at(-9))]})
    )
    assert finding.since == at(-8)


@given(st.sets(st.sampled_from("ABCD")), st.sets(st.sampled_from("ABCD")))
def test_lost_is_exactly_what_was_delivered_and_is_not_there(
    delivered: set[str], there: set[str]
) -> None:
    scene = Scene(
        {
            "bus.message": [{**message(), "_transaction": each} for each in sorted(delivered)],
            "psa.project": [row(each, "P") for each in sorted(there)],
        }
    )
    assert {each.transaction for each in findings(arrived(), scene)} == delivered - there


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"to": "bus.message"}, "bus.message cannot be delivered to itself"),
        ({"to": "psa.projet"}, "unknown stream 'psa.projet'; did you mean 'psa.project'?"),
        ({"start": "flow"}, "field 'flow' of bus.message is text, but instant or date is needed"),
        ({"stream": "psa.milestone"}, "unknown field of psa.milestone 'flow'"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        arrived(**settings)
    assert str(refused.value).startswith(sentence)
