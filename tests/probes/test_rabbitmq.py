from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import FieldType, Page, Window
from monitor.core.plugins import ProbeContext
from probes.rabbitmq import RabbitProbe, RabbitSystem, build
from tests.probes.sources.rabbitmq import RabbitSource, message
from tests.servers import Reply

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SECONDS = int(NOON.timestamp())
STREAM = {
    "kind": "dead_letter",
    "queue": "deals.dead",
    "entity": "message",
    "map": {
        "number": "message_id",
        "queue": "death.queue",
        "error": "death.reason",
        "attempts": "death.count",
        "updated_at": "death.time",
        "created_at": "timestamp",
        "name": "payload.deal.name",
        "flow": "headers.flow",
    },
    "refers": {"deal": "correlation_id"},
}
QUEUE = {
    "kind": "queues",
    "queue": None,
    "entity": "queue",
    "map": {"name": "name", "depth": "messages"},
    "refers": {},
}
DEATHS = [
    {
        "queue": "billing",
        "reason": "expired",
        "count": 2,
        "time": SECONDS + 60,
        "exchange": "deals",
    },
    {"queue": "projects", "reason": "rejected", "count": 1, "time": SECONDS, "exchange": "deals"},
]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[RabbitSource]:
    opened = RabbitSource(tmp_path)
    yield opened
    opened.close()


def probe_of(source: RabbitSource, **changed: Any) -> RabbitProbe:
    stream = {name: value for name, value in {**STREAM, **changed}.items() if value is not None}
    system = {**source.settings, "streams": {"dead": stream}}
    entities = {**ENTITIES, "queue": {"name": FieldType.TEXT, "depth": FieldType.INTEGER}}
    context = ProbeContext("middleware", entities, lambda: NOON, lambda _: None)
    return build(RabbitSystem.model_validate(system), context)


def read(probe: RabbitProbe) -> Page:
    with closing(probe):
        (page,) = probe.changes("dead", Window(None, NOON))
    return page


def ids(page: Page) -> list[str]:
    return [record.native_id for record in page.records]


def test_a_dead_letter_says_where_why_and_since_when_it_died(source: RabbitSource) -> None:
    source.messages = [
        message(
            {"deal": {"name": "Rollout"}},
            {"x-death": DEATHS, "flow": "won"},
            message_id="m-1",
            correlation_id="deal-1",
            timestamp=SECONDS - 5,
        )
    ]
    (record,) = read(probe_of(source)).records
    assert record.native_id == "m-1"
    assert record.fields == {
        "number": "m-1",
        "queue": "billing",
        "error": "expired",
        "attempts": 3,
        "updated_at": NOON,
        "created_at": NOON - timedelta(seconds=5),
        "name": "Rollout",
        "flow": "won",
    }
    assert [use.value for use in record.keys] == ["DEAL-1"]


def test_a_message_without_an_id_is_known_by_its_content(source: RabbitSource) -> None:
    source.messages = [message("a"), message("b"), message("a")]
    first = ids(read(probe_of(source)))
    source.messages = [
        {**each, "redelivered": False, "message_count": 7} for each in source.messages
    ]
    assert ids(read(probe_of(source))) == first
    assert len(set(first)) == 3


def test_two_messages_with_one_id_are_two_records(source: RabbitSource) -> None:
    source.messages = [message({}, message_id="m"), message({}, message_id="m")]
    assert ids(read(probe_of(source))) == ["m", "m#2"]


@pytest.mark.parametrize(
    "odd",
    [
        {**message({}), "properties": []},
        {**message({}), "properties": {"headers": []}},
        message("no json"),
        {**message("x"), "payload_encoding": "base64"},
        message({}, {"x-death": []}),
        message({}, {"x-death": "odd"}),
        message({}, {"x-death": [{}]}),
        message([1, 2]),
    ],
)
def test_an_odd_message_is_a_message(source: RabbitSource, odd: Any) -> None:
    source.messages = [odd]
    page = read(probe_of(source))
    assert (len(page.records), page.rejects) == (1, ())


def test_messages_go_back_to_their_queue(source: RabbitSource) -> None:
    read(probe_of(source))
    (request,) = source.server.asked("/api/queues/%2F/deals.dead/get")
    assert request.json["ackmode"] == "ack_requeue_true"


def test_an_empty_queue_is_an_ordinary_state(source: RabbitSource) -> None:
    with closing(probe_of(source)) as probe:
        assert probe.capabilities("dead").may_be_empty
        assert list(probe.native_ids("dead")) == [[]]
    assert read(probe_of(source)) == Page(())


def test_a_queue_that_is_too_long_is_refused_whole(source: RabbitSource) -> None:
    source.messages = [message({}, message_id=str(number)) for number in range(4)]
    assert len(ids(read(probe_of(source, max_messages=4)))) == 4
    with pytest.raises(Permanent, match=r"'deals\.dead' holds more than 3 messages") as caught:
        read(probe_of(source, max_messages=3))
    assert caught.value.reason is Reason.TOO_LARGE


def test_messages_that_another_reader_holds_are_not_taken_for_gone(source: RabbitSource) -> None:
    source.messages = [message({}, message_id="m")]
    source.held = 1
    with pytest.raises(Transient, match="showed 1 of 2 messages"):
        read(probe_of(source))


def test_messages_are_fetched_found_and_listed(source: RabbitSource) -> None:
    source.messages = [
        message({}, message_id=f"m-{number}", correlation_id=f"deal-{number}")
        for number in range(3)
    ]
    with closing(probe_of(source)) as probe:
        assert ids(probe.fetch("dead", ["m-1", "m-9"])) == ["m-1"]
        assert ids(probe.lookup("dead", "deal", ["DEAL-2", "DEAL-9"])) == ["m-2"]
        assert list(probe.native_ids("dead")) == [["m-0", "m-1", "m-2"]]


def test_queues_are_read_with_their_depth(source: RabbitSource) -> None:
    queues = [{"name": "projects", "messages": 3, "consumers": 1}]
    source.server.scripts["/api/queues/%2F"] = Reply(queues)
    (record,) = read(probe_of(source, **QUEUE)).records
    assert (record.native_id, record.fields) == ("projects", {"name": "projects", "depth": 3})


def test_counts_that_are_not_there_yet_are_no_zero(source: RabbitSource) -> None:
    source.server.scripts["/api/queues/%2F"] = Reply([{"name": "projects"}])
    source.server.scripts["/api/queues/%2F/deals.dead"] = Reply({"name": "deals.dead"})
    for probe in (probe_of(source, **QUEUE), probe_of(source)):
        with pytest.raises(Transient, match="no counts yet"):
            read(probe)


def test_a_queue_that_does_not_exist_is_no_empty_queue(source: RabbitSource) -> None:
    with pytest.raises(Permanent) as caught:
        read(probe_of(source, queue="none"))
    assert caught.value.reason is Reason.NOT_FOUND


def test_a_wrong_login_is_final(source: RabbitSource) -> None:
    source.settings["password"] = "wrong"
    with pytest.raises(Permanent) as caught:
        read(probe_of(source))
    assert caught.value.reason is Reason.CREDENTIALS


def test_an_answer_of_another_shape_is_no_empty_queue(source: RabbitSource) -> None:
    answers: list[object] = [{}, [1]]
    for answer in answers:
        source.server.scripts["/api/queues/%2F/deals.dead/get"] = Reply(answer)
        with pytest.raises(Permanent, match="no list of objects"):
            read(probe_of(source))


@pytest.mark.parametrize(
    "changed",
    [{"kind": "live"}, {"kind": None}, {"queue": None}, {"kind": "queues"},
     {"cursor": {"field": "timestamp"}}, {"max_messages": 0}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(
    source: RabbitSource, changed: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        probe_of(source, **changed)
