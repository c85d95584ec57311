"""RabbitMQ, read over its management API: dead letters, audited messages, and queues.

Reading a message takes it from the queue and puts it back, which changes what the next consumer
gets. So a queue is read only where the landscape says that nobody works on it. The API hands out
messages from the head of the queue and knows no pages: a queue is read in one go or not at all.
Messages that another reader holds at that moment are not shown, so fewer than the broker counts
is no whole look.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, Literal, Self
from urllib.parse import quote

from pydantic import AnyHttpUrl, Field, SecretStr, model_validator

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import Page, StreamId, Window
from monitor.core.plugins import ProbeContext
from monitor.core.ports import Capabilities
from monitor.core.streams import DeletesSettings, Name, StreamSettings, SystemSettings
from monitor.transport import MAX_BYTES
from probes.engine.authentication import BasicAuth
from probes.engine.caller import Call, Caller, RetrySettings
from probes.engine.http_system import HttpSystem, open_caller
from probes.engine.keys import kinds_of
from probes.engine.mapping import RowMapper, carrying
from probes.engine.messages import read_messages
from probes.engine.values import Misfit

COUNTS_LAG: Final = timedelta(seconds=5)
"""How old the broker's counts may be (`collect_statistics_interval`)."""


class RabbitStream(StreamSettings):
    """Messages of one queue, or the queues of a virtual host.

    A message has `id`, `message_id`, `correlation_id`, `timestamp`, `type`, `app_id`, `exchange`,
    `routing_key`, `headers`, `payload` (a JSON document, or text) and `death` with `queue`,
    `reason`, `exchange`, `count` and `time`, when it first died. Two messages with one
    `message_id`, a replay perhaps, have two `id`s; a message without one is known by its content.
    A queue has what the API says of it: `name` (also its `id`), `messages`, `consumers`, …
    """

    kind: Literal["dead_letter", "audit", "queues"]
    """`dead_letter` and `audit`: the messages of a queue that nobody consumes from."""
    id: str = "id"
    queue: str | None = None
    """Name of the queue whose messages are read."""
    max_messages: int = Field(default=1000, ge=1, le=50_000)
    """A queue with more is refused: reading takes all of its messages at once."""
    deletes: DeletesSettings = DeletesSettings(kind="sweep")
    """A message that has left the queue is gone."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.queue is None) != (self.kind == "queues"):
            raise ValueError("messages need the 'queue' that they are in; 'queues' need none")
        if self.cursor is not None:
            raise ValueError("a queue is always read whole: it has no 'cursor'")
        return self


class RabbitSystem(SystemSettings):
    """One virtual host of a broker."""

    probe: Literal["rabbitmq"]
    url: AnyHttpUrl
    """Of the management API, without `/api`."""
    user: str
    password: SecretStr
    vhost: str = "/"
    streams: dict[Name, RabbitStream] = Field(min_length=1)
    """What is read, by name."""
    retry: RetrySettings = RetrySettings()
    max_bytes: int = Field(default=MAX_BYTES, gt=0)
    """Largest answer that is taken, in decoded bytes."""
    ca_file: str | None = None
    """Certificates to trust instead of the usual authorities."""


def build(settings: RabbitSystem, context: ProbeContext) -> "RabbitProbe":
    """The probe that the settings describe.

    Raises:
        ValueError: a stream's mapping does not fit its entity.
        Permanent: the URL cannot be used.
    """
    mappers = {
        name: RowMapper(StreamId(context.system, name), stream, context.entities[stream.entity])
        for name, stream in settings.streams.items()
    }
    http = HttpSystem(
        base_url=AnyHttpUrl(f"{str(settings.url).rstrip('/')}/api"),
        auth=BasicAuth(kind="basic", username=settings.user, password=settings.password),
        budget=settings.budget,
        retry=settings.retry,
        max_bytes=settings.max_bytes,
        ca_file=settings.ca_file,
    )
    return RabbitProbe(settings, open_caller(http, context), mappers)


class RabbitProbe:
    """Reads one virtual host. May be used by several threads at a time."""

    def __init__(
        self, settings: RabbitSystem, caller: Caller, mappers: Mapping[str, RowMapper]
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._mappers = mappers
        # Two readings of one queue at a time would each see only what the other left.
        self._one_at_a_time = Lock()

    def capabilities(self, stream: str) -> Capabilities:
        """Everything: a queue is read whole in any case. An empty queue is an ordinary state."""
        settings = self._settings.streams[stream]
        return Capabilities(fetch=True, lookup=kinds_of(settings), sweep=True, may_be_empty=True)

    def source_time(self) -> datetime:
        """See `Caller.source_time`."""
        return self._caller.source_time(TimeLimit.of(self._settings.deadline))

    def changes(self, stream: str, window: Window) -> Iterator[Page]:
        """One page with everything that is in the queue."""
        yield self._mappers[stream].read_page(self._rows(stream))

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        """The records with these ids."""
        wanted, mapper = set(native_ids), self._mappers[stream]
        return mapper.read_page(row for row in self._rows(stream) if _id_of(mapper, row) in wanted)

    def lookup(self, stream: str, kind: str, values: Sequence[str]) -> Page:
        """The records that carry one of these keys."""
        if kind not in kinds_of(self._settings.streams[stream]):
            raise Permanent("records cannot be found by this key", reason=Reason.UNSUPPORTED)
        return carrying(self._mappers[stream].read_page(self._rows(stream)), kind, values)

    def native_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Every id, in one page."""
        mapper = self._mappers[stream]
        ids = (_id_of(mapper, row) for row in self._rows(stream))
        yield [native_id for native_id in ids if native_id is not None]

    def calls_remaining(self) -> Mapping[str, float]:
        """What is left of the budget."""
        return self._caller.budget.remaining()

    def calls_made(self) -> int:
        """Calls since the probe was built."""
        return self._caller.budget.made

    def close(self) -> None:
        """Let go of connections."""
        self._caller.close()

    def _rows(self, stream: str) -> list[Mapping[str, Any]]:
        settings = self._settings.streams[stream]
        limit = TimeLimit.of(self._settings.deadline)
        queues = f"queues/{quote(self._settings.vhost, safe='')}"
        if settings.queue is not None:
            return self._read_messages(
                f"{queues}/{quote(settings.queue, safe='')}", settings, limit
            )
        rows = _objects(self._caller.call(Call("GET", queues), limit).json_rows())
        return [{**row, "id": row.get("name"), "messages": _count(row)} for row in rows]

    def _read_messages(
        self, queue: str, settings: RabbitStream, limit: TimeLimit
    ) -> list[Mapping[str, Any]]:
        most = settings.max_messages
        body = {"count": most + 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
        with self._one_at_a_time:
            taken = Call("POST", f"{queue}/get", body=body, repeatable=True)
            messages = _objects(self._caller.call(taken, limit).json_rows())
        if len(messages) > most:
            raise Permanent(
                f"queue '{settings.queue}' holds more than {most} messages;"
                " raise 'max_messages', or empty it",
                reason=Reason.TOO_LARGE,
            )
        (state,) = _objects([self._caller.call(Call("GET", queue), limit).json_rows()])
        if len(messages) < _count(state):
            raise Transient(
                f"queue '{settings.queue}' showed {len(messages)} of {_count(state)} messages:"
                " somebody else holds the rest, or the broker's count lags",
                reason=Reason.MALFORMED,
                retry_after=COUNTS_LAG.total_seconds(),
            )
        return list(read_messages(messages))


def _objects(document: Any) -> list[Mapping[str, Any]]:
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise Permanent("the broker's answer is no list of objects", reason=Reason.SCHEMA)
    return document


def _count(queue: Mapping[str, Any]) -> int:
    """How many messages are in a queue, taken but not yet acknowledged ones included."""
    count = queue.get("messages")
    if not isinstance(count, int):
        raise Transient(
            "the broker has no counts yet, as just after a restart", reason=Reason.SERVER_ERROR
        )
    return count


def _id_of(mapper: RowMapper, row: Mapping[str, Any]) -> str | None:
    try:
        return mapper.native_id(row)
    except Misfit:
        return None
