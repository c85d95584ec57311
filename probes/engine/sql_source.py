"""What a stream of a database is selected from, and the conditions laid upon it.

Names come from the landscape and are quoted by SQLAlchemy; values are always bound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Self

from pydantic import Field, model_validator
from sqlalchemy import (
    JSON,
    ColumnElement,
    String,
    Subquery,
    Table,
    and_,
    cast,
    column,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.sql.elements import KeyedColumnElement
from sqlalchemy.types import NullType

from monitor.core.errors import Permanent, Reason
from monitor.core.streams import StreamSettings
from probes.engine.checks import paths_of_stream
from probes.engine.keys import plain_paths
from probes.engine.selector import parse_path
from probes.engine.sql_values import Bounds


class SqlStream(StreamSettings):
    """A table or view, or a query."""

    table: str | None = None
    """Name of a table or view."""
    db_schema: str | None = Field(default=None, alias="schema")
    """Schema in which the table is; None: the connection's own."""
    query: str | None = None
    """A SELECT instead of a table. It may use `:since` and `:until`, to help the source's
    optimiser; what comes back is filtered by the cursor in any case."""
    columns: tuple[str, ...] = ()
    """Columns to read; none: those that the mapping needs."""
    page_size: int = Field(default=1000, ge=1, le=100_000)

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("a stream of a database needs either 'table' or 'query'")
        if self.query is not None and self.db_schema is not None:
            raise ValueError("'schema' goes with 'table', not with 'query'")
        if unknown := self.parameters - {"since", "until"}:
            raise ValueError(f"a query knows :since and :until, not :{min(unknown)}")
        return self

    @property
    def parameters(self) -> frozenset[str]:
        """What the query wants bound."""
        return frozenset(text(self.query or "").compile().params)


@dataclass(frozen=True, slots=True)
class Source:
    """What a stream's rows are selected from.

    Attributes:
        rows: the wanted columns of the table or the query.
        id: its identifier.
        stamp: its cursor; None where the whole stream is read each time.
        has_strays: rows may lack the identifier or the stamp, and so a place in the order.
    """

    rows: Subquery
    id: KeyedColumnElement[Any]
    stamp: KeyedColumnElement[Any] | None
    has_strays: bool

    @property
    def order(self) -> tuple[KeyedColumnElement[Any], ...]:
        """By stamp, then by identifier."""
        return (self.id,) if self.stamp is None else (self.stamp, self.id)


def query_source(settings: SqlStream, query: str) -> Source:
    """A query, wrapped so that the cursor and the page can be laid around it."""
    names = dict.fromkeys(settings.columns or map(_first_step, paths_of_stream(settings)))
    rows = text(query).columns(*(column(name) for name in names)).subquery("source")
    return _source_of(settings, rows)


def table_source(settings: SqlStream, table: Table, *, is_dynamic: bool) -> Source:
    """A table's wanted columns.

    Args:
        settings: the stream's.
        table: as the database describes it.
        is_dynamic: columns hold what was put there, whatever type they declare.

    Raises:
        Permanent: the table lacks a column that the mapping needs.
    """
    needed = settings.columns or (
        path if path in table.c else _first_step(path) for path in paths_of_stream(settings)
    )
    names = list(dict.fromkeys(needed))
    for name in names:
        if name not in table.c:
            close = get_close_matches(name, table.c.keys(), n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise Permanent(
                f"table '{table.name}' has no column '{name}'{hint}", reason=Reason.SCHEMA
            )
    for each in table.c if is_dynamic else ():
        if not isinstance(each.type, JSON):
            each.type = NullType()
    rows = select(*(table.c[name] for name in names)).subquery("source")
    return _source_of(settings, rows)


def _source_of(settings: SqlStream, rows: Subquery) -> Source:
    native_id = _column(rows, settings.id)
    stamp = _column(rows, settings.cursor.field) if settings.cursor else None
    order = (native_id,) if stamp is None else (stamp, native_id)
    has_strays = any(getattr(each, "nullable", True) for each in order)
    return Source(rows, native_id, stamp, has_strays)


def _column(rows: Subquery, path: str) -> KeyedColumnElement[Any]:
    name = path if path in rows.c else _first_step(path)
    if name not in rows.c:
        raise Permanent(f"'{path}' is not among the columns", reason=Reason.CONFIGURATION)
    return rows.c[name]


def _first_step(path: str) -> str:
    return str(next(iter(parse_path(path)), path))


def within(source: Source, bounds: Bounds) -> Iterator[ColumnElement[bool]]:
    """Conditions for rows that have a place in the order, and lie in the window."""
    for each in source.order:
        yield each.is_not(None)
    if source.stamp is not None and bounds.low is not None:
        yield source.stamp >= bounds.low
    if source.stamp is not None and bounds.high is not None:
        yield source.stamp < bounds.high


def beyond(order: Sequence[ColumnElement[Any]], last: Sequence[Any]) -> ColumnElement[bool]:
    """Rows after the last one, written so that an index on the first column serves."""
    if len(order) == 1:
        return and_(order[0] > last[0])
    stamp, native_id = order
    return and_(stamp >= last[0], or_(stamp > last[0], native_id > last[1]))


def spellings(source: Source, settings: SqlStream, kind: str) -> Iterator[ColumnElement[Any]]:
    """The columns of a key, as the database can bring them to the key's one form, and as is.

    A database's upper case may know fewer letters than ours (SQLite's: ASCII only).
    """
    for path in plain_paths(settings, kind):
        spelled: ColumnElement[Any] = cast(_column(source.rows, path), String)
        yield spelled
        yield func.upper(func.trim(spelled))
        yield func.lower(func.trim(spelled))


def _is_column(path: str) -> bool:
    steps = parse_path(path)
    return len(steps) == 1 and isinstance(steps[0], str)


def is_findable(settings: SqlStream, kind: str) -> bool:
    """Whether the database can be asked for keys of this kind."""
    paths = plain_paths(settings, kind)
    return bool(paths) and all(map(_is_column, paths))
