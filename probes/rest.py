"""Any JSON API, described in the landscape alone.

How to ask is data (`probes.engine.requests`), how pages follow one another is data
(`probes.engine.pagination`), and so is how rows become records (`probes.engine.mapping`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason
from monitor.core.model import Page, Record, StreamId, Window
from monitor.core.plugins import Misfit, ProbeContext
from monitor.core.ports import Capabilities
from monitor.core.streams import Name
from monitor.response import NO_CONTENT
from probes.engine.authentication import NoAuth
from probes.engine.budget import Budget
from probes.engine.caller import Call, Caller
from probes.engine.http_system import HttpSystem, open_caller
from probes.engine.listed_rows import rows_at
from probes.engine.mapping import RowMapper
from probes.engine.pages import Answer
from probes.engine.pagination import walk
from probes.engine.requests import (
    FetchSettings,
    IdsSettings,
    LookupSettings,
    ReadSettings,
    RequestSettings,
    absent_if_missing,
)
from probes.engine.selector import value_at
from probes.engine.values import Misfit as Unreadable
from probes.engine.values import is_blank, read_text
from probes.writing.access import Access
from probes.writing.form import build_form
from probes.writing.rest import RestTarget, RestWriter
from probes.writing.rest_calls import represent
from probes.writing.rest_checks import check_rest_writing
from probes.writing.rest_settings import RestWriting, WriteCredential
from probes.writing.settings import WritableStream, secrets_in


class RestStream(WritableStream):
    """One list of a JSON API."""

    read: ReadSettings
    """How the changes, or the whole list, are asked for."""
    fetch: FetchSettings | None = None
    """How records are read by id."""
    lookup: dict[Name, LookupSettings] = {}
    """How records are found by a key, for each key kind."""
    ids: IdsSettings | None = None
    """How every id is listed, so that deleted rows are missed."""
    false_is_blank: bool = False
    """The source writes `false` where a field of a row that is no truth value holds nothing."""
    write: RestWriting | None = None
    """How records are created, changed and deleted; None: not at all."""

    @property
    def writing(self) -> RestWriting | None:
        """What can be written."""
        return self.write

    @property
    def findable(self) -> frozenset[str]:
        """Key kinds with a lookup."""
        return frozenset(self.lookup)

    def check_requests(self) -> Iterator[Misfit]:
        """What does not fit in how records are written."""
        return iter(()) if self.write is None else check_rest_writing(self, self.write, self.fetch)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.deletes.kind == "sweep" and self.cursor is not None and self.ids is None:
            raise ValueError("deletes of kind 'sweep' need 'ids': how every id is listed")
        if unknown := self.lookup.keys() - self.defines.keys() - self.refers.keys():
            raise ValueError(f"lookup by '{min(unknown)}', which is no key of the stream")
        return self


class RestSystem(HttpSystem):
    """A JSON API."""

    probe: Literal["rest"]
    streams: dict[Name, RestStream] = Field(min_length=1)
    """The lists that are read, by name."""
    write: WriteCredential | None = None
    """With which credential it is written."""

    @model_validator(mode="after")
    def _writes_as_somebody_else(self) -> Self:
        is_written = any(stream.write is not None for stream in self.streams.values())
        if is_written and self.write is None and not isinstance(self.auth, NoAuth):
            raise ValueError("streams are written: 'write' needs an 'auth' of its own for that")
        return self


def build(settings: RestSystem, context: ProbeContext) -> "RestProbe":
    """The probe that the settings describe.

    Raises:
        ValueError: a stream's mapping does not fit its entity.
        Permanent: the base URL cannot be used.
    """
    mappers = {
        name: RowMapper(
            StreamId(context.system, name),
            stream,
            context.entities[stream.entity],
            false_is_blank=stream.false_is_blank,
        )
        for name, stream in settings.streams.items()
    }
    caller = open_caller(settings, context)
    return RestProbe(
        settings, caller, mappers, _build_writer(settings, context, mappers, caller.budget)
    )


def _build_writer(
    settings: RestSystem, context: ProbeContext, mappers: Mapping[str, RowMapper], budget: Budget
) -> RestWriter | None:
    """The writer beside the probe; None where nothing is written."""
    targets = {
        name: RestTarget(
            stream.write,
            build_form(stream, stream.write, context.entities[stream.entity], represent),
            stream.fetch,
            mappers[name],
        )
        for name, stream in settings.streams.items()
        if stream.write is not None
    }
    if not targets:
        return None
    auth = settings.write.auth if settings.write is not None else settings.auth
    caller = open_caller(settings.model_copy(update={"auth": auth}), context, budget=budget)
    access = Access(
        RestProbe(settings, caller, mappers),
        caller,
        settings.deadline,
        context.clock,
        secrets_in(settings),
    )
    return RestWriter(targets, access)


class RestProbe:
    """Reads one JSON API. May be used by several threads at a time."""

    def __init__(
        self,
        settings: RestSystem,
        caller: Caller,
        mappers: Mapping[str, RowMapper],
        writer: RestWriter | None = None,
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._mappers = mappers
        self._writer = writer

    def capabilities(self, stream: str) -> Capabilities:
        """What the stream's settings say how to ask for."""
        settings = self._settings.streams[stream]
        return Capabilities(
            fetch=settings.fetch is not None,
            lookup=frozenset(settings.lookup),
            sweep=settings.ids is not None,
        )

    def source_time(self) -> datetime:
        """See `Caller.source_time`."""
        return self._caller.source_time(TimeLimit.of(self._settings.deadline))

    def changes(self, stream: str, window: Window) -> Iterator[Page]:
        """Pages with every row whose stamp lies in the window.

        Rows beyond either end may come along where the source filters coarsely or not at all:
        they are real states of real records.
        """
        settings = self._settings.streams[stream]
        is_ordered = settings.cursor is not None and settings.cursor.ordered
        first = settings.read.call(window)
        for answer in self._walk(settings.read, first, settings.id):
            page = self._mappers[stream].read_page(answer.rows)
            position = _last_stamp(page.records) if is_ordered else None
            yield replace(page, position=position)

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        """The records with these ids; an id without a record does not exist.

        Raises:
            Permanent: the answer holds other records than those asked for, so that nothing can
                be said of these.
        """
        request = self._settings.streams[stream].fetch
        if request is None:
            raise _unsupported("records cannot be read by id")
        time_limit = TimeLimit.of(self._settings.deadline)
        pages: list[Page] = []
        for asked, call in request.calls(native_ids):
            page = self._page(stream, request, absent_if_missing(request, call), time_limit)
            answered = {record.native_id for record in page.records}
            if not answered | {reject.native_id for reject in page.rejects} <= set(asked):
                raise Permanent(
                    "asked for records by id, the source answered with others",
                    reason=Reason.SCHEMA,
                )
            pages.append(page)
        return _joined(pages)

    def lookup(self, stream: str, kind: str, values: Sequence[str]) -> Page:
        """The records that carry one of these keys."""
        request = self._settings.streams[stream].lookup.get(kind)
        if request is None:
            raise _unsupported("records cannot be found by this key")
        wanted = {(kind, value) for value in values}
        time_limit = TimeLimit.of(self._settings.deadline)
        pages: list[Page] = []
        for _, call in request.calls(values):
            page = self._page(stream, request, call, time_limit)
            found = [
                record
                for record in page.records
                if any((use.kind, use.value) in wanted for use in record.keys)
            ]
            pages.append(Page(tuple(found), page.rejects))
        return _joined(pages)

    def native_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Every id, page by page.

        Raises:
            Permanent: a row has no id, so the list would not be complete.
        """
        request = self._settings.streams[stream].ids
        if request is None:
            raise _unsupported("ids cannot be listed")
        id_path = request.id or self._settings.streams[stream].id
        for answer in self._walk(request, request.call(), id_path):
            yield [_read_id(row, id_path) for row in answer.rows]

    def calls_remaining(self) -> Mapping[str, float]:
        """What is left of the budget."""
        return self._caller.budget.remaining()

    def calls_made(self) -> int:
        """Calls since the probe was built."""
        return self._caller.budget.made

    def writer(self) -> RestWriter | None:
        """See `Writable.writer`."""
        return self._writer

    def close(self) -> None:
        """Let go of connections, the writer's too."""
        self._caller.close()
        if self._writer is not None:
            self._writer.close()

    def _page(
        self, stream: str, request: RequestSettings, call: Call, time_limit: TimeLimit
    ) -> Page:
        """All pages of an answer as one."""
        answers = self._walk(request, call, self._settings.streams[stream].id, time_limit)
        return self._mappers[stream].read_page(row for answer in answers for row in answer.rows)

    def _walk(
        self,
        request: RequestSettings,
        first: Call,
        id_path: str,
        time_limit: TimeLimit | None = None,
    ) -> Iterator[Answer]:
        limit = time_limit or TimeLimit.of(self._settings.deadline)

        def read(call: Call) -> Answer:
            response = self._caller.call(call, limit)
            document = response.json_rows()
            has_content = response.status != NO_CONTENT
            rows = rows_at(document, request.select) if has_content else []
            return Answer(response, document, rows)

        return walk(request.page, first, read, lambda row: _identity(row, id_path))


def _last_stamp(records: Sequence[Record]) -> datetime | None:
    """The stamp up to which an ordered page is complete; None if it is not in order."""
    stamps = [record.modified_at for record in records if record.modified_at is not None]
    is_sorted = all(earlier <= later for earlier, later in pairwise(stamps))
    return stamps[-1] if stamps and is_sorted else None


def _identity(row: Any, id_path: str) -> str:
    """What tells a row from others between two pages."""
    native_id = value_at(row, id_path)
    return str(native_id) if isinstance(native_id, str | int) else repr(row)


def _read_id(row: Any, id_path: str) -> str:
    native_id = value_at(row, id_path)
    try:
        if not is_blank(native_id) and not isinstance(native_id, bool):
            text = read_text(native_id)
            # Blanks around it stay, as in the rows: the source must know its own identifier.
            return native_id if isinstance(native_id, str) else text
    except Unreadable:
        pass
    raise Permanent(f"a row has no id at '{id_path}'", reason=Reason.SCHEMA)


def _joined(pages: Sequence[Page]) -> Page:
    return Page(
        tuple(record for page in pages for record in page.records),
        tuple(reject for page in pages for reject in page.rejects),
    )


def _unsupported(message: str) -> Permanent:
    return Permanent(message, reason=Reason.UNSUPPORTED)
