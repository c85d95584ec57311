"""RabbitMQ, read over its management API: dead letters, audited messages, and queues.

Reading a message takes it from the queue and puts it back, which changes what the next consumer
gets. So a queue is read only where the landscape says that nobody works on it. The API hands out
messages from the head of the queue and knows no pages: a queue is read in one go or not at all.
Messages that another reader holds at that moment are not shown, so fewer than the broker counts
is no whole look.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import Any, Literal, Self

from pydantic import AnyHttpUrl, Field, SecretStr, model_validator

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason
from monitor.core.model import Page, StreamId, Window
from monitor.core.plugins import ProbeContext
from monitor.core.ports import Capabilities
from monitor.core.streams import DeletesSettings, Name, StreamSettings, SystemSettings
from monitor.transport import MAX_BYTES
from probes.engine.authentication import BasicAuth
from probes.engine.budget import Budget
from probes.engine.caller import Call, Caller, RetrySettings
from probes.engine.http_system import HttpSystem, open_caller
from probes.engine.keys import kinds_of
from probes.engine.managed_queue import ManagedQueue, count_of, objects, path_of
from probes.engine.mapping import RowMapper, carrying
from probes.engine.messages import read_messages
from probes.engine.values import Misfit
from probes.writing.access import Access
from probes.writing.rabbitmq import RabbitTarget, RabbitWriter
from probes.writing.rabbitmq_settings import RabbitCredential, RabbitWriting
from probes.writing.settings import secrets_in


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
    write: RabbitWriting | None = None
    """How dead letters are replayed; None: not at all."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.queue is None) != (self.kind == "queues"):
            raise ValueError("messages need the 'queue' that they are in; 'queues' need none")
        if self.cursor is not None:
            raise ValueError("a queue is always read whole: it has no 'cursor'")
        if self.write is not None and self.kind != "dead_letter":
            raise ValueError("only messages of kind 'dead_letter' can be replayed")
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
    write: RabbitCredential | None = None
    """With which credential messages are replayed."""

    @model_validator(mode="after")
    def _writes_as_somebody_else(self) -> Self:
        if self.write is None and any(each.write is not None for each in self.streams.values()):
            raise ValueError("messages are replayed: 'write' needs a user and a password for that")
        return self


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
    caller, lock = _open_caller(settings, context, settings.user, settings.password), RLock()
    writer = _build_writer(settings, context, mappers, caller.budget, lock)
    return RabbitProbe(settings, caller, mappers, lock, writer)


def _build_writer(
    settings: RabbitSystem,
    context: ProbeContext,
    mappers: Mapping[str, RowMapper],
    budget: Budget,
    lock: RLock,
) -> RabbitWriter | None:
    """The writer beside the probe; None where nothing is written."""
    if settings.write is None:
        return None
    caller = _open_caller(settings, context, settings.write.user, settings.write.password, budget)
    targets = {
        name: RabbitTarget(
            stream.write.replay,
            ManagedQueue(caller, settings.vhost, stream.queue, lock),
            stream.max_messages,
            mappers[name],
        )
        for name, stream in settings.streams.items()
        if stream.write is not None and stream.queue is not None
    }
    access = Access(
        RabbitProbe(settings, caller, mappers, lock),
        caller,
        settings.deadline,
        context.clock,
        secrets_in(settings),
    )
    return RabbitWriter(targets, access, vhost=settings.vhost)


def _open_caller(
    settings: RabbitSystem,
    context: ProbeContext,
    user: str,
    password: SecretStr,
    budget: Budget | None = None,
) -> Caller:
    http = HttpSystem(
        base_url=AnyHttpUrl(f"{str(settings.url).rstrip('/')}/api"),
        auth=BasicAuth(kind="basic", username=user, password=password),
        budget=settings.budget,
        retry=settings.retry,
        max_bytes=settings.max_bytes,
        ca_file=settings.ca_file,
    )
    return open_caller(http, context, budget=budget)


class RabbitProbe:
    """Reads one virtual host. May be used by several threads at a time."""

    def __init__(
        self,
        settings: RabbitSystem,
        caller: Caller,
        mappers: Mapping[str, RowMapper],
        lock: RLock,
        writer: RabbitWriter | None = None,
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._mappers = mappers
        self._lock = lock
        self._writer = writer

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

    def writer(self) -> RabbitWriter | None:
        """See `Writable.writer`."""
        return self._writer

    def close(self) -> None:
        """Let go of connections, the writer's too."""
        self._caller.close()
        if self._writer is not None:
            self._writer.close()

    def _rows(self, stream: str) -> list[Mapping[str, Any]]:
        settings = self._settings.streams[stream]
        limit = TimeLimit.of(self._settings.deadline)
        if settings.queue is not None:
            queue = ManagedQueue(self._caller, self._settings.vhost, settings.queue, self._lock)
            return list(read_messages(queue.read(settings.max_messages, limit)))
        queues = Call("GET", f"queues/{path_of(self._settings.vhost)}")
        rows = objects(self._caller.call(queues, limit).json_rows())
        return [{**row, "id": row.get("name"), "messages": count_of(row)} for row in rows]


def _id_of(mapper: RowMapper, row: Mapping[str, Any]) -> str | None:
    try:
        return mapper.native_id(row)
    except Misfit:
        return None
