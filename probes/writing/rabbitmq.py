"""Dead letters of RabbitMQ back to where they came from, over the management API.

A message is first published, which the broker confirms, and only then taken from its queue: at no
moment is it nowhere. Whoever kills us in between leaves it in both places. The API takes messages
from the head of a queue only, so others that stand before it are moved to the end in the same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.model import Record
from monitor.core.writing import Abilities, Observation, Operation, Receipt, Safety, Write
from probes.engine.caller import Call, Sent
from probes.engine.managed_queue import ManagedQueue, Message, objects, path_of
from probes.engine.mapping import RowMapper
from probes.engine.messages import is_same_message, read_messages
from probes.writing.access import Access
from probes.writing.rabbitmq_settings import RabbitReplay
from probes.writing.target import (
    conflict,
    find_record,
    require_same,
    require_seen,
    target_of,
    unable,
)

_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_DEFAULT_EXCHANGE: Final = "amq.default"
"""What the API calls the exchange without a name, which routes by queue."""

_FURTHER_RECEIVERS: Final = {"CC", "BCC"}
"""Headers that send a message to more queues (RabbitMQ manual, sender-selected distribution)."""


@dataclass(frozen=True, slots=True)
class RabbitTarget:
    """One queue of dead letters.

    Attributes:
        replay: how they are replayed.
        queue: where they are.
        max_messages: a queue with more is not looked through.
        mapper: how messages become records.
    """

    replay: RabbitReplay
    queue: ManagedQueue
    max_messages: int
    mapper: RowMapper


@dataclass(frozen=True, slots=True)
class _Origin:
    exchange: str
    routing_key: str


class RabbitWriter:
    """Replays the dead letters of one virtual host. May be used by several threads at a time."""

    def __init__(self, targets: Mapping[str, RabbitTarget], access: Access, *, vhost: str) -> None:
        """Get ready to write to these streams, in one virtual host."""
        self._targets = targets
        self._access = access
        self._vhost = vhost

    def abilities(self, stream: str) -> Abilities:
        """Replay, where the stream declares it."""
        if stream not in self._targets:
            return Abilities()
        return Abilities({Operation.REPLAY: Safety.COMPARED})

    def observe(self, write: Write) -> Observation:
        """See `Writer.observe`: the dead letter, as long as it is in its queue."""
        target, at = target_of(self._targets, write), self._access.clock()
        with target.queue.one_at_a_time:
            messages = target.queue.peek(target.max_messages, self._access.limit())
        _, found = _position(target, messages, write.native_id)
        # What is not shown may be held by somebody else: only a whole look says that it is gone.
        return Observation(found or find_record(self._access.probe, write), "", at)

    def apply(self, write: Write, seen: Observation, idempotency_key: str) -> Receipt:
        """See `Writer.apply`. The message keeps its ids and properties; no key is added to it."""
        target, limit = target_of(self._targets, write), self._access.limit()
        if write.operation is not Operation.REPLAY:
            raise unable(f"the landscape declares no {write.operation} of this stream")
        record = require_seen(seen)
        with target.queue.one_at_a_time:
            before, message = _find(target, record, limit)
            origin = _origin_of(message, target.replay)
            for other in before:
                self._move_to_the_end(target.queue, other, limit)
            _require_head(target.queue.peek(1, limit), message)
            sent = self._publish(message, origin, limit)
            try:
                self._take(target.queue, message, limit)
            except TieoutError as failure:
                raise Transient(
                    f"the message is published again, and perhaps still a dead letter: {failure}",
                    reason=Reason.SERVER_ERROR,
                ) from None
        return self._access.receipt_of(sent, record.native_id)

    def close(self) -> None:
        """Let go of connections."""
        self._access.caller.close()

    def _move_to_the_end(self, queue: ManagedQueue, message: Message, limit: TimeLimit) -> None:
        self._publish(message, _Origin("", queue.name), limit)
        self._take(queue, message, limit)

    def _publish(self, message: Message, origin: _Origin, limit: TimeLimit) -> Sent:
        """Publish a message as it is; the answer comes when the broker has confirmed it.

        Raises:
            Permanent: no queue would have it.
        """
        place = path_of(self._vhost, origin.exchange or _DEFAULT_EXCHANGE)
        properties = message.get("properties")
        body = {
            # Erlang knows one empty list for both: without properties the API says [].
            "properties": properties if isinstance(properties, dict) else {},
            "routing_key": origin.routing_key,
            "payload": message.get("payload"),
            "payload_encoding": message.get("payload_encoding"),
        }
        sent = self._access.send(_post(f"exchanges/{place}/publish", body), limit)
        match _document(sent):
            case {"routed": True}:
                return sent
            case {"routed": False}:
                raise Permanent("no queue takes the message any more", reason=Reason.REFUSED)
        raise Transient("the broker did not confirm the message", reason=Reason.MALFORMED)

    def _take(self, queue: ManagedQueue, message: Message, limit: TimeLimit) -> None:
        """Take a message from the head of the queue, where it must be.

        Raises:
            Permanent: another one is there.
            Transient: whether it was taken is not known.
        """
        _require_head(queue.peek(1, limit), message)
        body = {"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"}
        sent = self._access.send(_post(f"{queue.path}/get", body), limit)
        taken = objects(_document(sent))
        if taken and not is_same_message(taken[0], message):
            # Somebody else took ours at this very moment; what we got goes back at once.
            self._publish(taken[0], _Origin("", queue.name), limit)
        _require_head(taken, message)


def _find(
    target: RabbitTarget, seen: Record, limit: TimeLimit
) -> tuple[Sequence[Message], Message]:
    """The messages before the dead letter, and itself.

    Raises:
        Permanent: it is gone or changed, or cannot be reached.
    """
    messages = target.queue.peek(target.max_messages, limit)
    index, record = _position(target, messages, seen.native_id)
    require_same(seen, record)
    _require_movable(messages[:index], target.replay)
    return messages[:index], messages[index]


def _position(
    target: RabbitTarget, messages: Sequence[Message], native_id: str
) -> tuple[int, Record | None]:
    """Where the message with this id stands, and the record that it is; None where it is not."""
    for index, row in enumerate(read_messages(messages)):
        record = target.mapper.read_row(row)
        if isinstance(record, Record) and record.native_id == native_id:
            return index, record
    return len(messages), None


def _require_movable(before: Sequence[Message], settings: RabbitReplay) -> None:
    """See that the messages before the one can be moved and stay what they are.

    Raises:
        Permanent: they are too many, or known by their place and content alone.
    """
    if len(before) > settings.most_moved:
        raise unable(f"{len(before)} dead letters stand before it: replay those first")
    if not all(_properties(message).get("message_id") for message in before):
        raise unable("a dead letter without a message_id stands before it: replay that first")


def _origin_of(message: Message, settings: RabbitReplay) -> _Origin:
    """Where the message was before it died for the last time, from its `x-death` header.

    The newest entry comes first; each names the queue, the exchange that the message had been
    published to and the routing keys (RabbitMQ manual, dead letter exchanges).

    Raises:
        Permanent: it does not say so, or would go to others as well.
    """
    headers = _properties(message).get("headers")
    match headers:
        case {"x-death": [{"queue": str(queue), "exchange": str(exchange),
                           "routing-keys": [str(routing_key), *others]}, *_]}:  # fmt: skip
            if others or set(headers or ()) & _FURTHER_RECEIVERS:
                raise unable("the message went to several receivers, and would go to all again")
            is_exchange = settings.to == "exchange"
            return _Origin(exchange, routing_key) if is_exchange else _Origin("", queue)
    raise unable("the message does not say where it died ('x-death')")


def _require_head(found: list[Message], message: Message) -> None:
    if not found or not is_same_message(found[0], message):
        raise conflict("another message is at the head of the queue of dead letters")


def _properties(message: Message) -> Mapping[str, Any]:
    properties = message.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _post(url: str, body: Mapping[str, Any]) -> Call:
    content = _JSON.encode(body)
    return Call("POST", url, content=content, headers={"Content-Type": "application/json"})


def _document(sent: Sent) -> Any:
    try:
        return sent.response.json_rows()
    except TieoutError:
        return None
