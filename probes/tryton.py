"""Tryton, read over JSON-RPC.

Seen on Tryton 8.2: `write_date` is the start of the transaction that wrote the row, in UTC and
without a zone, and null on a row that was never written since it was created. So a row that
commits late shows an older stamp, which the cursor's overlap is for; and `create_date` stands in
where `write_date` is null. Deletes leave no trace: they are found by listing ids.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Any, ClassVar, Final, Literal, Self
from urllib.parse import quote

from pydantic import AnyHttpUrl, Field, SecretStr, model_validator

from monitor.core.clock import Clock, TimeLimit
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import Page, StreamId, Window
from monitor.core.plugins import Misfit, ProbeContext
from monitor.core.ports import Capabilities
from monitor.core.streams import Name, SystemSettings
from monitor.transport import MAX_BYTES
from probes.engine.authentication import Post
from probes.engine.budget import Budget
from probes.engine.caller import Call, Caller, RetrySettings
from probes.engine.checks import paths_of_stream
from probes.engine.credentials import Authenticator, Credentials, Token, TokenAuthenticator
from probes.engine.errors import ErrorRow, Then
from probes.engine.http_system import HttpSystem, open_caller
from probes.engine.keys import kinds_of, prefixed_paths
from probes.engine.mapping import RowMapper, carrying
from probes.engine.selector import parse_path
from probes.engine.tryton_rows import CREATED, Domain, all_of, changed_since, literally, read_row
from probes.writing.access import Access
from probes.writing.form import build_form
from probes.writing.settings import WritableStream, secrets_in
from probes.writing.tryton import TrytonTarget, TrytonWriter
from probes.writing.tryton_checks import check_tryton_writing
from probes.writing.tryton_settings import TrytonCredential, TrytonWriting

IDS_AT_ONCE: Final = 500
KEYS_AT_ONCE: Final = 50
_ERRORS: Final = (
    ErrorRow(
        status=200,
        body=r'"error": *\[ *"(ConcurrencyException|TimeoutException|TransactionError)"',
        then=Then.RETRY,
        reason=Reason.SERVER_ERROR,
    ),
)
"""Tryton answers 200 with an `error` in the body, whatever went wrong inside."""


class TrytonStream(WritableStream):
    """One model."""

    is_flat: ClassVar[bool] = True
    model: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")
    """Technical name, `sale.sale`."""
    id: str = "id"
    domain: tuple[Any, ...] = ()
    """Filter in Tryton's own notation: `[[type, "=", project]]`."""
    unsearchable: tuple[Name, ...] = ()
    """Key kinds whose field Tryton computes and cannot search."""
    page_size: int = Field(default=500, ge=1, le=10_000)
    write: TrytonWriting | None = None
    """How records are created, written and closed; None: not at all."""

    @property
    def writing(self) -> TrytonWriting | None:
        """What can be written."""
        return self.write

    @property
    def findable(self) -> frozenset[str]:
        """Key kinds that Tryton can be asked for."""
        return frozenset(kind for kind in kinds_of(self) if _spellings_of_key(self, kind))

    def check_requests(self) -> Iterator[Misfit]:
        """What does not fit in how records are written."""
        return iter(()) if self.write is None else check_tryton_writing(self, self.write)


class TrytonSystem(SystemSettings):
    """One database of a Tryton server."""

    probe: Literal["tryton"]
    url: AnyHttpUrl
    """Of the server, without the database."""
    database: str = Field(min_length=1)
    user: str
    password: SecretStr
    context: dict[str, str | int | bool | None] = {"active_test": False}
    """Sent with each call. As it stands, records that were archived are read like any other."""
    streams: dict[Name, TrytonStream] = Field(min_length=1)
    """The models that are read, by name."""
    retry: RetrySettings = RetrySettings()
    max_bytes: int = Field(default=MAX_BYTES, gt=0)
    """Largest answer that is taken, in decoded bytes."""
    ca_file: str | None = None
    """Certificates to trust instead of the usual authorities."""
    write: TrytonCredential | None = None
    """With which credential it is written."""

    @model_validator(mode="after")
    def _writes_as_somebody_else(self) -> Self:
        if self.write is None and any(each.write is not None for each in self.streams.values()):
            raise ValueError("models are written: 'write' needs a user and a password for that")
        return self


def build(settings: TrytonSystem, context: ProbeContext) -> "TrytonProbe":
    """The probe that the settings describe.

    Raises:
        ValueError: a stream's mapping does not fit its entity.
        Permanent: the URL cannot be used.
    """
    mappers = {
        name: RowMapper(StreamId(context.system, name), stream, context.entities[stream.entity])
        for name, stream in settings.streams.items()
    }
    caller = _open_caller(settings, context, settings.user, settings.password)
    writer = _build_writer(settings, context, mappers, caller.budget)
    return TrytonProbe(settings, caller, mappers, writer)


def _build_writer(
    settings: TrytonSystem, context: ProbeContext, mappers: Mapping[str, RowMapper], budget: Budget
) -> TrytonWriter | None:
    """The writer beside the probe; None where nothing is written."""
    targets = {
        name: TrytonTarget(
            stream.model,
            stream.write,
            build_form(stream, stream.write, context.entities[stream.entity], lambda value: value),
        )
        for name, stream in settings.streams.items()
        if stream.write is not None
    }
    if not targets or settings.write is None:
        return None
    own = settings.model_copy(update={"context": {**settings.context, **settings.write.context}})
    caller = _open_caller(own, context, settings.write.user, settings.write.password, budget)
    access = Access(
        TrytonProbe(own, caller, mappers),
        caller,
        settings.deadline,
        context.clock,
        secrets_in(settings),
    )
    return TrytonWriter(targets, access, context=own.context)


def _open_caller(
    settings: TrytonSystem,
    context: ProbeContext,
    user: str,
    password: SecretStr,
    budget: Budget | None = None,
) -> Caller:
    database = quote(settings.database, safe="")
    http = HttpSystem(
        base_url=AnyHttpUrl(f"{str(settings.url).rstrip('/')}/{database}"),
        errors=_ERRORS,
        **{name: getattr(settings, name) for name in ("budget", "retry", "max_bytes", "ca_file")},
    )
    log_in = partial(_authenticate, user, password, context.clock)
    return open_caller(http, context, log_in, budget)


def _authenticate(user: str, password: SecretStr, clock: Clock, post: Post) -> Authenticator:
    """A session holds until the server forgets it, and then it answers 401."""

    def log_in(limit: TimeLimit) -> Token:
        secret = {"password": password.get_secret_value()}
        body = {"id": 0, "method": "common.db.login", "params": [user, secret]}
        answer = post("rpc/", json=body, time_limit=limit).json()
        match answer:
            case {"result": [int(number), str(token), *_]}:
                session = base64.b64encode(f"{user}:{number}:{token}".encode()).decode()
                return Token(Credentials({"Authorization": f"Session {session}"}), None)
        raise Permanent("Tryton did not open a session", reason=Reason.CREDENTIALS)

    return TokenAuthenticator(log_in, clock)


class TrytonProbe:
    """Reads one database. May be used by several threads at a time."""

    def __init__(
        self,
        settings: TrytonSystem,
        caller: Caller,
        mappers: Mapping[str, RowMapper],
        writer: TrytonWriter | None = None,
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._mappers = mappers
        self._writer = writer

    def capabilities(self, stream: str) -> Capabilities:
        """Everything but keys that Tryton cannot be asked for."""
        settings = self._settings.streams[stream]
        findable = (kind for kind in kinds_of(settings) if _spellings_of_key(settings, kind))
        return Capabilities(fetch=True, lookup=frozenset(findable), sweep=True)

    def source_time(self) -> datetime:
        """See `Caller.source_time`."""
        return self._caller.source_time(self._limit())

    def changes(self, stream: str, window: Window) -> Iterator[Page]:
        """Pages in the order of ids: rows that are written while we read cannot shift them."""
        cursor = self._settings.streams[stream].cursor
        domain = changed_since(window.since, cursor.field) if cursor else []
        for rows in self._walk(stream, domain, self._limit()):
            yield self._mappers[stream].read_page(rows)

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        """The records with these ids, as far as the stream's domain holds for them."""
        ids = [int(native_id) for native_id in native_ids if native_id.isdecimal()]
        return self._find(stream, [[["id", "in", some]] for some in _batches(ids, IDS_AT_ONCE)])

    def lookup(self, stream: str, kind: str, values: Sequence[str]) -> Page:
        """The records that carry one of these keys."""
        spellings = _spellings_of_key(self._settings.streams[stream], kind)
        if not spellings:
            raise Permanent("records cannot be found by this key", reason=Reason.UNSUPPORTED)
        page = self._find(
            stream,
            [
                [
                    "OR",
                    *(
                        [[field, "ilike", literally(prefix + value)]]
                        for field, prefix in spellings
                        for value in some
                    ),
                ]
                for some in _batches(values, KEYS_AT_ONCE)
            ],
        )
        return carrying(page, kind, values)

    def native_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Every id, page by page."""
        settings, limit, last = self._settings.streams[stream], self._limit(), 0
        while True:
            domain = all_of(list(settings.domain), [["id", ">", last]])
            order = [["id", "ASC"]]
            ids = self._call(settings, "search", [domain, 0, settings.page_size, order], limit)
            if not all(isinstance(each, int) for each in ids):
                raise Permanent("Tryton's ids are no numbers", reason=Reason.SCHEMA)
            yield [str(each) for each in ids]
            if len(ids) < settings.page_size:
                return
            last = ids[-1]

    def calls_remaining(self) -> Mapping[str, float]:
        """What is left of the budget."""
        return self._caller.budget.remaining()

    def calls_made(self) -> int:
        """Calls since the probe was built."""
        return self._caller.budget.made

    def writer(self) -> TrytonWriter | None:
        """See `Writable.writer`."""
        return self._writer

    def close(self) -> None:
        """Let go of connections, the writer's too; the sessions end by themselves."""
        self._caller.close()
        if self._writer is not None:
            self._writer.close()

    def _limit(self) -> TimeLimit:
        return TimeLimit.of(self._settings.deadline)

    def _find(self, stream: str, domains: Sequence[Domain]) -> Page:
        limit = self._limit()
        return self._mappers[stream].read_page(
            row for domain in domains for rows in self._walk(stream, domain, limit) for row in rows
        )

    def _walk(
        self, stream: str, domain: Domain, limit: TimeLimit
    ) -> Iterator[list[Mapping[str, Any]]]:
        settings, last = self._settings.streams[stream], 0
        fields = _fields_to_read(settings)
        while True:
            wanted = all_of(list(settings.domain), domain, [["id", ">", last]])
            arguments = [wanted, 0, settings.page_size, [["id", "ASC"]], fields]
            rows = self._call(settings, "search_read", arguments, limit)
            if not all(isinstance(row, Mapping) and isinstance(row.get("id"), int) for row in rows):
                raise Permanent("Tryton's rows are no objects with ids", reason=Reason.SCHEMA)
            yield [read_row(row) for row in rows]
            if len(rows) < settings.page_size:
                return
            last = rows[-1]["id"]

    def _call(
        self, settings: TrytonStream, method: str, arguments: list[Any], limit: TimeLimit
    ) -> list[Any]:
        body = {
            "id": 1,
            "method": f"model.{settings.model}.{method}",
            "params": [*arguments, self._settings.context],
        }
        document = self._caller.call(
            Call("POST", "rpc/", body=body, repeatable=True), limit
        ).json_rows()
        match document:
            case {"result": list(result)}:
                return result
            case {"error": [str(error), *_]}:
                raise _failure(settings, method, error)
        raise Permanent("Tryton's answer has no list of results", reason=Reason.SCHEMA)


def _failure(settings: TrytonStream, method: str, error: str) -> Transient | Permanent:
    """What Tryton's error means; its text is not repeated, for it may hold a record's values.

    Errors made for users and clients come with a type, everything unforeseen as bare text.
    """
    asked = f"Tryton, asked for {settings.model}.{method},"
    if re.fullmatch(r"'[\w.]+'", error):
        ours = f"{settings.model} {_fields_to_read(settings)} {settings.domain}"
        name = error if error.strip("'") in ours else "such name"
        return Permanent(f"{asked} knows no {name}", reason=Reason.SCHEMA)
    if error.startswith("Missing search function"):
        advice = "cannot search a field that it computes; name its key in 'unsearchable'"
        return Permanent(f"{asked} {advice}", reason=Reason.UNSUPPORTED)
    if error.isidentifier():
        return Permanent(f"{asked} refused with {error}", reason=Reason.REFUSED)
    return Transient(f"{asked} failed", reason=Reason.SERVER_ERROR)


def _spellings_of_key(settings: TrytonStream, kind: str) -> tuple[tuple[str, str], ...]:
    """Fields, each with what may stand there before the key."""
    return () if kind in settings.unsearchable else prefixed_paths(settings, kind)


def _fields_to_read(settings: TrytonStream) -> list[str]:
    """Names as `search_read` takes them: `party.name` reads through the relation."""
    names = ["id", CREATED]
    for path in paths_of_stream(settings):
        steps = takewhile(lambda step: isinstance(step, str), parse_path(path))
        names.append(".".join(map(str, steps)))
    return list(dict.fromkeys(names))


def _batches(values: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
