"""A dead letter is replayed as it was, and is never nowhere."""

from collections.abc import Iterator
from typing import Any

import pytest

from monitor.core.errors import UNSENT, Permanent, Reason, TieoutError, Transient
from monitor.core.model import KeyRole, KeyUse, StreamId
from monitor.core.writing import Observation, Operation, Receipt, Safety, Write, Writer
from tests.servers import Reply
from tests.writing.queues import AUDIT, DEAD, DROPPED, WORK, Broker, dead_letter
from tests.writing.targets.target import CANARY, open_probe, writer_of

STREAM = StreamId("mq", "dead_letter")


@pytest.fixture
def broker() -> Iterator[Broker]:
    opened = Broker()
    opened.queues[DEAD] = [dead_letter(number) for number in range(1, 5)]
    with opened.server:
        yield opened


@pytest.fixture
def writer(broker: Broker) -> Iterator[Writer]:
    probe = open_probe(broker.settings(), "mq")
    yield writer_of(probe)
    probe.close()


def replay(native_id: str) -> Write:
    return Write(Operation.REPLAY, STREAM, native_id, (), "", {}, {})


def apply(writer: Writer, native_id: str) -> Receipt:
    write = replay(native_id)
    return writer.apply(write, writer.observe(write), "key-1")


def ids(broker: Broker, queue: str) -> list[str]:
    return [message["properties"]["message_id"] for message in broker.queues[queue]]


def everywhere(broker: Broker) -> set[str]:
    return {message for queue in broker.queues for message in ids(broker, queue)}


def test_a_replayed_message_is_back_where_it_came_from_as_it_was(
    broker: Broker, writer: Writer
) -> None:
    original = dead_letter(1)
    receipt = apply(writer, "m-1")
    assert receipt.native_id == "m-1"
    assert ids(broker, DEAD) == ["m-2", "m-3", "m-4"]
    (message,) = broker.queues[WORK]
    for part in ("properties", "payload", "payload_encoding", "routing_key"):
        assert message[part] == original[part]
    assert message["exchange"] == "deals"
    assert ids(broker, AUDIT) == ["m-1"]
    assert writer.observe(replay("m-1")).record is None


def test_only_the_queue_in_which_it_died_gets_it_if_so_declared(broker: Broker) -> None:
    probe = open_probe(broker.settings(to="queue"), "mq")
    apply(writer_of(probe), "m-1")
    assert ids(broker, WORK) == ["m-1"]
    assert ids(broker, AUDIT) == []
    probe.close()


def test_messages_that_stand_before_it_stay_dead_letters_as_they_are(
    broker: Broker, writer: Writer
) -> None:
    before = writer.observe(replay("m-1")).record
    apply(writer, "m-3")
    assert ids(broker, WORK) == ["m-3"]
    assert sorted(ids(broker, DEAD)) == ["m-1", "m-2", "m-4"]
    assert writer.observe(replay("m-1")).record == before


def test_a_message_that_says_nothing_of_its_death_is_left_alone(
    broker: Broker, writer: Writer
) -> None:
    broker.queues[DEAD] = [dead_letter(1, headers={})]
    assert refusal(writer, "m-1") is Reason.UNSUPPORTED
    assert ids(broker, DEAD) == ["m-1"]
    assert not broker.queues[WORK]


@pytest.mark.parametrize("header", ["CC", "BCC"])
def test_a_message_with_further_receivers_is_left_alone(
    broker: Broker, writer: Writer, header: str
) -> None:
    letter = dead_letter(1)
    letter["properties"]["headers"][header] = ["other"]
    broker.queues[DEAD] = [letter]
    assert refusal(writer, "m-1") is Reason.UNSUPPORTED


def test_a_message_that_no_queue_takes_any_more_stays(broker: Broker, writer: Writer) -> None:
    broker.bindings.clear()
    assert refusal(writer, "m-1") is Reason.REFUSED
    assert ids(broker, DEAD) == ["m-1", "m-2", "m-3", "m-4"]


def test_a_message_without_an_id_is_not_moved_out_of_the_way(
    broker: Broker, writer: Writer
) -> None:
    broker.queues[DEAD][0]["properties"].pop("message_id")
    assert refusal(writer, "m-2") is Reason.UNSUPPORTED
    assert len(broker.queues[DEAD]) == 4


def test_no_more_are_moved_than_allowed(broker: Broker) -> None:
    probe = open_probe(broker.settings(most_moved=1), "mq")
    assert refusal(writer_of(probe), "m-3") is Reason.UNSUPPORTED
    apply(writer_of(probe), "m-2")
    assert ids(broker, WORK) == ["m-2"]
    probe.close()


def refusal(writer: Writer, native_id: str) -> Reason:
    with pytest.raises(Permanent) as caught:
        apply(writer, native_id)
    return caught.value.reason


def test_a_message_that_is_gone_or_another_by_now_is_refused(
    broker: Broker, writer: Writer
) -> None:
    write = replay("m-1")
    observed = writer.observe(write)
    taken = broker.queues[DEAD].pop(0)
    with pytest.raises(Permanent) as caught:
        writer.apply(write, observed, "key-1")
    assert caught.value.reason is Reason.CONFLICT
    broker.queues[DEAD].append(
        taken | {"properties": taken["properties"] | {"correlation_id": "OPP-9"}}
    )
    with pytest.raises(Permanent) as caught:
        writer.apply(write, observed, "key-1")
    assert caught.value.reason is Reason.CONFLICT
    assert not broker.queues[WORK]


def test_at_whatever_call_the_broker_breaks_no_message_is_lost(broker: Broker) -> None:
    """Every call in turn is not answered, before or after it had its effect."""
    calls = calls_of_a_replay("m-3")
    for turn in range(calls):
        for is_done in (False, True):
            broken = Broker()
            broken.queues[DEAD] = [dead_letter(number) for number in range(1, 5)]
            with broken.server:
                probe = open_probe(broken.settings() | {"retry": {"tries": 1}}, "mq")
                writer, write = writer_of(probe), replay("m-3")
                observed = writer.observe(write)
                break_at(broken, turn, is_done=is_done)
                failure = failure_of(writer, write, observed)
                if isinstance(failure, Permanent):
                    assert not broken.queues[WORK]
                elif failure is not None:
                    assert failure.reason not in UNSENT
                assert everywhere(broken) == {"m-1", "m-2", "m-3", "m-4"}
                assert len(broken.queues[WORK]) <= 1
                probe.close()


def failure_of(writer: Writer, write: Write, observed: Observation) -> TieoutError | None:
    try:
        writer.apply(write, observed, "key-1")
    except TieoutError as failure:
        return failure
    return None


def calls_of_a_replay(native_id: str) -> int:
    counted = Broker()
    counted.queues[DEAD] = [dead_letter(number) for number in range(1, 5)]
    with counted.server:
        probe = open_probe(counted.settings(), "mq")
        writer, write = writer_of(probe), replay(native_id)
        observed = writer.observe(write)
        counted.calls.clear()
        writer.apply(write, observed, "key-1")
        probe.close()
    return len(counted.calls)


def break_at(broker: Broker, turn: int, *, is_done: bool) -> None:
    broker.calls.clear()

    def before(call: str) -> Reply | None:
        return DROPPED if not is_done and len(broker.calls) >= turn else None

    def after(call: str, reply: Reply) -> Reply:
        return DROPPED if is_done and len(broker.calls) > turn else reply

    broker.before, broker.after = before, after


def test_a_message_taken_from_under_us_is_put_back(broker: Broker, writer: Writer) -> None:
    """Somebody takes the head between our last look and our taking: we get the next one."""

    def interfere(call: str) -> None:
        if call == f"requeue_false {DEAD}":
            broker.before = lambda call: None
            broker.queues[DEAD].pop(0)

    broker.before = interfere
    write = replay("m-1")
    with pytest.raises(Transient) as caught:
        writer.apply(write, writer.observe(write), "key-1")
    assert caught.value.reason not in UNSENT
    assert sorted(ids(broker, DEAD)) == ["m-2", "m-3", "m-4"]
    assert ids(broker, WORK) == ["m-1"]


def test_nothing_can_be_done_but_replay(broker: Broker, writer: Writer) -> None:
    assert dict(writer.abilities("dead_letter").operations) == {Operation.REPLAY: Safety.COMPARED}
    write = Write(Operation.DELETE, STREAM, "m-1", (), "", {}, {})
    with pytest.raises(Permanent) as caught:
        writer.apply(write, writer.observe(write), "key-1")
    assert caught.value.reason is Reason.UNSUPPORTED


def test_a_dead_letter_is_found_by_its_key(writer: Writer) -> None:
    keys = (KeyUse(KeyRole.REFERS, "deal", "OPP-2"),)
    write = Write(Operation.REPLAY, STREAM, "", keys, "", {}, {})
    record = writer.observe(write).record
    assert record is not None
    assert record.native_id == "m-2"


def test_what_others_hold_is_not_gone(broker: Broker, writer: Writer) -> None:
    held = broker.queues[DEAD][:]
    broker.queues[DEAD] = []
    broker.after = lambda call, reply: Reply({"messages": len(held)}) if "count" in call else reply
    with pytest.raises(Transient):
        writer.observe(replay("m-1"))


def test_the_credential_for_reading_cannot_replay(broker: Broker) -> None:
    settings: dict[str, Any] = broker.settings()
    settings["write"] = {"user": "reader", "password": "reader-password"}
    probe = open_probe(settings, "mq")
    with pytest.raises(Permanent) as caught:
        apply(writer_of(probe), "m-1")
    assert caught.value.reason is Reason.CREDENTIALS
    assert len(broker.queues[DEAD]) == 4
    probe.close()


def test_no_secret_is_kept_of_an_answer(broker: Broker, writer: Writer) -> None:
    broker.after = lambda call, reply: (
        Reply({"routed": True, "said": CANARY}) if "publish" in call else reply
    )
    assert CANARY not in repr(apply(writer, "m-1"))


def test_an_observation_without_a_message_replays_nothing(broker: Broker, writer: Writer) -> None:
    nothing = Observation(None, "", writer.observe(replay("m-1")).at)
    with pytest.raises(Permanent) as caught:
        writer.apply(replay("m-1"), nothing, "key-1")
    assert caught.value.reason is Reason.NOT_FOUND
    assert not broker.queues[WORK]
