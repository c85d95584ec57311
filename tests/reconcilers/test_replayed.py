from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.breaks import BreakKind
from monitor.core.ports import Rule
from tests.reconcilers.scene import Row, Scene, at, findings, row, rule


def replayed(**settings: Any) -> Rule:
    return rule("replayed", **{"stream": "bus.message", "by": ["flow"], **settings})


def message(record: str, born: float, **fields: Any) -> Row:
    keys = fields.pop("keys", ["idempotency:K1"])
    usual = {"status": "delivered", "flow": "deal", "created_at": at(born), **fields}
    return row("OPP-1", record, keys=keys, **usual)


TWICE = Scene({"bus.message": [message("M2", -3), message("M1", -5)]})


def test_the_second_delivery_is_the_replay() -> None:
    (finding,) = findings(replayed(), TWICE)
    assert finding.kind is BreakKind.REPLAYED
    assert (finding.system, finding.stream, finding.record_id) == ("bus", "message", "M2")
    assert (finding.expected, finding.actual, finding.hop) == ("M1", "M2", "")
    assert (finding.owner, finding.since) == ("integration", at(-3))


def test_an_idempotency_key_tells_messages_apart_too() -> None:
    by_key = rule("replayed", stream="bus.message", key="idempotency")
    assert len(findings(by_key, TWICE)) == 1
    other = message("M2", -3, keys=["idempotency:K2"])
    assert findings(by_key, TWICE.with_rows(bus__message=[message("M1", -5), other])) == ()


def test_a_third_delivery_does_not_make_it_another_break() -> None:
    thrice = TWICE.with_rows(bus__message=[*TWICE.rows["bus.message"], message("M3", -1)])
    (before,), (after,) = findings(replayed(), TWICE), findings(replayed(), thrice)
    assert after.fingerprint == before.fingerprint
    assert after.actual == "M2, M3"


@pytest.mark.parametrize(
    "fields", [{"status": "dead"}, {"status": "pending"}, {"flow": None}, {"flow": "other"}]
)
def test_what_did_not_arrive_or_is_another_message_is_no_replay(fields: dict[str, Any]) -> None:
    scene = Scene({"bus.message": [message("M1", -5), message("M2", -3, **fields)]})
    assert findings(replayed(), scene) == ()


def test_a_replay_that_made_no_second_record_does_no_harm() -> None:
    asked = replayed(target="psa.project")
    one = TWICE.with_rows(psa__project=[row("OPP-1", "P")])
    assert findings(asked, one) == ()
    two = TWICE.with_rows(psa__project=[row("OPP-1", "P"), row("OPP-1", "Q")])
    (finding,) = findings(asked, two)
    assert finding.actual == "M2, which made P, Q"
    assert finding.hop == "bus.message -> psa.project"


def test_with_a_key_only_its_own_records_count() -> None:
    asked = replayed(target="psa.project", match="idempotency")
    apart = [row("OPP-1", "P", keys=["idempotency:K1"]), row("OPP-1", "Q", keys=["idempotency:K2"])]
    assert findings(asked, TWICE.with_rows(psa__project=apart)) == ()
    both = [row("OPP-1", each, keys=["idempotency:K1"]) for each in "PQ"]
    assert len(findings(asked, TWICE.with_rows(psa__project=both))) == 1


@given(st.lists(st.tuples(st.sampled_from("XY"), st.integers(-9, -1)), max_size=6))
def test_there_is_a_replay_for_each_message_delivered_more_than_once(
    deliveries: list[tuple[str, int]],
) -> None:
    messages = [
        message(f"M{number}", born, flow=flow) for number, (flow, born) in enumerate(deliveries)
    ]
    flows = [flow for flow, _ in deliveries]
    repeated = {flow for flow in flows if flows.count(flow) > 1}
    found = findings(replayed(), Scene({"bus.message": messages}))
    assert len(found) == len(repeated)
    for finding in found:
        number = int(finding.record_id.removeprefix("M"))
        first = min(born for flow, born in deliveries if flow == deliveries[number][0])
        assert finding.since is not None
        assert finding.since >= at(first)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"by": ["flw"]}, "unknown field of bus.message 'flw'; did you mean 'flow'?"),
        ({"target": "bus.message"}, "bus.message cannot be delivered to itself"),
        ({"target": "psa.projet"}, "unknown stream 'psa.projet'"),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_sentence(
    settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        replayed(**settings)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize("settings", [{"key": "idempotency"}, {"by": []}])
def test_messages_are_told_apart_in_one_way(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="say either by which fields or by which key"):
        replayed(**settings)


def test_a_key_without_a_target_pairs_nothing() -> None:
    with pytest.raises(ValidationError, match="name it"):
        replayed(match="idempotency")
