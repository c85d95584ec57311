"""Any database that SQLAlchemy can open, read by key ranges and never written.

Names of tables and columns come from the landscape and are quoted by SQLAlchemy; values are
always bound. Each page is a transaction of its own, so that no look holds the source's old rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Lock
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import Field, SecretStr, model_validator
from sqlalchemy import (
    ColumnElement,
    MetaData,
    Select,
    Table,
    or_,
    select,
)
from sqlalchemy.sql.elements import KeyedColumnElement

from monitor.core.clock import Clock, TimeLimit
from monitor.core.errors import Permanent, Reason
from monitor.core.model import Page, StreamId, Window
from monitor.core.plugins import Misfit, ProbeContext
from monitor.core.ports import Capabilities
from monitor.core.streams import Name, SystemSettings
from probes.engine.budget import Budget
from probes.engine.database import (
    names_account,
    open_engine,
    open_writing_engine,
    reading,
    server_time,
)
from probes.engine.keys import kinds_of
from probes.engine.mapping import RowMapper, carrying
from probes.engine.sql_source import (
    Source,
    SqlStream,
    beyond,
    is_findable,
    query_source,
    spellings,
    table_source,
    within,
)
from probes.engine.sql_values import Bounds, bounds_of, query_bounds, read_like
from probes.engine.values import Misfit as Unreadable
from probes.writing.form import build_form
from probes.writing.settings import WritableStream
from probes.writing.sql import SqlWriter
from probes.writing.sql_checks import check_sql_writing
from probes.writing.sql_settings import SqlCredential, SqlWriting
from probes.writing.sql_table import SqlTarget

IDS_AT_ONCE: Final = 500
"""Values in one IN list: below the limit of every dialect."""


class SqlTable(SqlStream, WritableStream):
    """A table or view, or a query; a table may also be written."""

    is_flat: ClassVar[bool] = True
    write: SqlWriting | None = None
    """How rows are inserted, updated and deleted; None: not at all."""

    @property
    def writing(self) -> SqlWriting | None:
        """What can be written."""
        return self.write

    @property
    def findable(self) -> frozenset[str]:
        """Key kinds that the database can be asked for."""
        return frozenset(kind for kind in kinds_of(self) if is_findable(self, kind))

    def check_requests(self) -> Iterator[Misfit]:
        """What does not fit in how rows are written."""
        if self.write is None:
            return iter(())
        return check_sql_writing(self, self.write, is_query=self.query is not None)


class SqlSystem(SystemSettings):
    """A database."""

    probe: Literal["sql"]
    url: SecretStr
    """SQLAlchemy URL; the account should be one that may only read."""
    streams: dict[Name, SqlTable] = Field(min_length=1)
    """What is read, by name."""
    write: SqlCredential | None = None
    """With which account it is written."""

    @model_validator(mode="after")
    def _writes_as_somebody_else(self) -> Self:
        is_written = any(stream.write is not None for stream in self.streams.values())
        if is_written and self.write is None and names_account(self.url.get_secret_value()):
            raise ValueError("tables are written: 'write' needs a 'url' of its own for that")
        return self


def build(settings: SqlSystem, context: ProbeContext) -> "SqlProbe":
    """The probe that the settings describe.

    Raises:
        ValueError: a stream's mapping does not fit its entity.
        Permanent: the URL cannot be used.
    """
    mappers = {
        name: RowMapper(StreamId(context.system, name), stream, context.entities[stream.entity])
        for name, stream in settings.streams.items()
    }
    budget = Budget(settings.budget, context.clock, context.sleep, context.calls_today)
    return SqlProbe(
        settings, context.clock, mappers, budget, _build_writer(settings, context, mappers, budget)
    )


def _build_writer(
    settings: SqlSystem, context: ProbeContext, mappers: Mapping[str, RowMapper], budget: Budget
) -> SqlWriter | None:
    """The writer beside the probe; None where nothing is written."""
    targets = {
        name: SqlTarget(
            stream,
            stream.write,
            build_form(stream, stream.write, context.entities[stream.entity], lambda value: value),
            mappers[name],
        )
        for name, stream in settings.streams.items()
        if stream.write is not None
    }
    if not targets:
        return None
    url = settings.write.url if settings.write is not None else settings.url
    engine = open_writing_engine(url.get_secret_value())
    return SqlWriter(targets, engine, budget, deadline=settings.deadline, clock=context.clock)


class SqlProbe:
    """Reads one database. May be used by several threads at a time."""

    def __init__(
        self,
        settings: SqlSystem,
        clock: Clock,
        mappers: Mapping[str, RowMapper],
        budget: Budget,
        writer: SqlWriter | None,
    ) -> None:
        self._settings = settings
        self._mappers = mappers
        self._clock = clock
        self._engine = open_engine(settings.url.get_secret_value())
        self._budget = budget
        self._writer = writer
        self._sources: dict[str, Source] = {}
        self._lock = Lock()

    def capabilities(self, stream: str) -> Capabilities:
        """Everything but keys whose spelling in the source cannot be told from their one form."""
        settings = self._settings.streams[stream]
        findable = (kind for kind in kinds_of(settings) if is_findable(settings, kind))
        return Capabilities(fetch=True, lookup=frozenset(findable), sweep=True)

    def source_time(self) -> datetime:
        """The server's clock; ours for a database that is a file, or whose clock is not known."""
        limit = TimeLimit.of(self._settings.deadline)
        self._budget.spend(limit)
        with reading(self._engine, limit) as connection:
            return server_time(connection) or self._clock()

    def changes(self, stream: str, window: Window) -> Iterator[Page]:
        """Pages in the order of stamp and id; rows without either come first, to be set aside.

        Stamps that are dates or text of no stated format are compared by the day, so rows from
        before or after the window come along: they are real states of real records.
        """
        settings, limit = self._settings.streams[stream], TimeLimit.of(self._settings.deadline)
        source = self._source(stream, limit)
        if source.has_strays:
            strays = select(source.rows).where(or_(*(each.is_(None) for each in source.order)))
            found = self._read(strays.limit(settings.page_size), settings, window, limit)
            if found:
                yield self._mappers[stream].read_page(found)
        bounds = self._bounds(source, settings, window, limit)
        if bounds is None:
            return
        in_window = select(source.rows).where(*within(source, bounds))
        mapper = self._mappers[stream]
        for rows in self._walk(in_window, source.order, settings, window, limit):
            position = bounds.position(mapper.stamp, rows[-1])
            yield mapper.read_page(rows, position)

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        """The records with these ids."""
        limit = TimeLimit.of(self._settings.deadline)
        source, settings = self._source(stream, limit), self._settings.streams[stream]
        example = self._example(source, source.id, settings, limit)
        if example is None:
            return Page(())
        wanted = [value for each in native_ids if (value := read_like(example, each)) is not None]
        if self._engine.dialect.name == "sqlite":
            wanted += [each for each in native_ids if each not in wanted]
        return self._find(stream, [source.id], wanted, limit)

    def lookup(self, stream: str, kind: str, values: Sequence[str]) -> Page:
        """The records that carry one of these keys."""
        limit = TimeLimit.of(self._settings.deadline)
        source, settings = self._source(stream, limit), self._settings.streams[stream]
        if not is_findable(settings, kind):
            raise Permanent("records cannot be found by this key", reason=Reason.UNSUPPORTED)
        columns = list(spellings(source, settings, kind))
        return carrying(self._find(stream, columns, list(values), limit), kind, values)

    def native_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Every id, page by page."""
        settings, limit = self._settings.streams[stream], TimeLimit.of(self._settings.deadline)
        source, mapper = self._source(stream, limit), self._mappers[stream]
        ids = select(source.id).select_from(source.rows).where(source.id.is_not(None))
        for rows in self._walk(ids, (source.id,), settings, None, limit):
            yield list(_readable_ids(mapper, rows))

    def calls_remaining(self) -> Mapping[str, float]:
        """What is left of the budget; a call is a statement."""
        return self._budget.remaining()

    def calls_made(self) -> int:
        """Statements since the probe was built."""
        return self._budget.made

    def writer(self) -> SqlWriter | None:
        """See `Writable.writer`."""
        return self._writer

    def close(self) -> None:
        """Let go of connections, the writer's too."""
        self._engine.dispose()
        if self._writer is not None:
            self._writer.close()

    def _walk(
        self,
        statement: Select[Any],
        order: Sequence[KeyedColumnElement[Any]],
        settings: SqlStream,
        window: Window | None,
        limit: TimeLimit,
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages by key ranges: rows that move while we read are met again, never skipped."""
        page = statement.order_by(*order).limit(settings.page_size)
        last: list[Any] = []
        rows = self._read(page, settings, window, limit)
        while rows:
            yield rows
            if len(rows) < settings.page_size:
                return
            before, last = last, [rows[-1][each.key] for each in order]
            if last == before:
                raise Permanent(
                    "pages do not advance: more rows than a page share one stamp and one id",
                    reason=Reason.SCHEMA,
                )
            rows = self._read(page.where(beyond(order, last)), settings, window, limit)

    def _find(
        self,
        stream: str,
        columns: Sequence[ColumnElement[Any]],
        values: list[Any],
        limit: TimeLimit,
    ) -> Page:
        source, settings = self._source(stream, limit), self._settings.streams[stream]
        rows: list[dict[str, Any]] = []
        for start in range(0, len(values), IDS_AT_ONCE):
            some = values[start : start + IDS_AT_ONCE]
            condition = or_(*(each.in_(some) for each in columns))
            rows += self._read(select(source.rows).where(condition), settings, None, limit)
        return self._mappers[stream].read_page(rows)

    def _bounds(
        self, source: Source, settings: SqlStream, window: Window, limit: TimeLimit
    ) -> Bounds | None:
        """The window as the source's stamps are written; None where there is no stamp at all."""
        if source.stamp is None or settings.cursor is None:
            return Bounds(None, None)
        example = self._example(source, source.stamp, settings, limit)
        return None if example is None else bounds_of(window, example, settings.cursor)

    def _example(
        self, source: Source, wanted: ColumnElement[Any], settings: SqlStream, limit: TimeLimit
    ) -> Any:
        """One value of a column, to see how the source writes it; None where it has none."""
        statement = select(wanted).select_from(source.rows).where(wanted.is_not(None)).limit(1)
        rows = self._read(statement, settings, None, limit)
        return next(iter(rows[0].values())) if rows else None

    def _read(
        self, statement: Select[Any], settings: SqlStream, window: Window | None, limit: TimeLimit
    ) -> list[dict[str, Any]]:
        self._budget.spend(limit)
        values: Mapping[str, Any] = {}
        with reading(self._engine, limit) as connection:
            if settings.parameters:
                dialect = connection.dialect.name
                values = query_bounds(settings.parameters, window, settings.cursor, dialect)
            return [dict(row) for row in connection.execute(statement, values).mappings()]

    def _source(self, stream: str, limit: TimeLimit) -> Source:
        with self._lock:
            if stream not in self._sources:
                self._sources[stream] = self._open_source(self._settings.streams[stream], limit)
            return self._sources[stream]

    def _open_source(self, settings: SqlStream, limit: TimeLimit) -> Source:
        if settings.query is not None:
            return query_source(settings, settings.query)
        self._budget.spend(limit)
        with reading(self._engine, limit) as connection:
            table = Table(
                settings.table or "",
                MetaData(),
                schema=settings.db_schema,
                autoload_with=connection,
                resolve_fks=False,
            )
        # SQLite's columns hold what was put there; a declared NUMERIC would be read as a float.
        is_dynamic = self._engine.dialect.name == "sqlite"
        return table_source(settings, table, is_dynamic=is_dynamic)


def _readable_ids(mapper: RowMapper, rows: Sequence[Any]) -> Iterator[str]:
    """A row without a readable id never was a record, so it is not missed either."""
    for row in rows:
        with suppress(Unreadable):
            yield mapper.native_id(row)
