"""SQL views for people's own tools: what the tables hold, in words and units that stay.

Tables change from version to version; these views keep their names, columns and meanings. They are
made anew after each migration, and nothing of ours reads them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, inspect, text

from monitor.store.settings import load_setting, save_setting

PREFIX = "tieout_"
_MADE = "views"
_SECOND = 1_000_000


class Kind(StrEnum):
    """What a column holds, whatever the database."""

    TEXT = "text"
    COUNT = "whole number"
    MONEY = "money"
    SECONDS = "seconds"
    TRUTH = "truth value"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, what it is read from, and what it means."""

    name: str
    kind: Kind
    source: str
    meaning: str


@dataclass(frozen=True, slots=True)
class View:
    """One view.

    Attributes:
        name: after the prefix that all have.
        meaning: what a row is.
        columns: in order.
        rows: what stands behind FROM.
    """

    name: str
    meaning: str
    columns: Sequence[Column]
    rows: str

    @property
    def full_name(self) -> str:
        """As queries write it."""
        return PREFIX + self.name

    def statement(self, dialect: str) -> str:
        """What makes it."""
        columns = ", ".join(f"{_read(each, dialect)} AS {each.name}" for each in self.columns)
        return f"CREATE VIEW {self.full_name} AS SELECT {columns} FROM {self.rows}"


def _read(column: Column, dialect: str) -> str:
    source, is_postgresql = column.source, dialect == "postgresql"
    match column.kind:
        case Kind.MONEY:
            return f"CAST({source} AS {'NUMERIC' if is_postgresql else 'REAL'})"
        case Kind.SECONDS:
            return f"({source}) / {float(_SECOND)}"
        case Kind.INSTANT if is_postgresql:
            return f"TIMESTAMPTZ 'epoch' + ({source}) * INTERVAL '1 microsecond'"
        case Kind.INSTANT:
            # Division cuts towards zero, and instants before 1970 are negative.
            fraction = f"(({source}) % {_SECOND} + {_SECOND}) % {_SECOND}"
            seconds = f"(({source}) - {fraction}) / {_SECOND}"
            shown = f"strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch')"
            return f"{shown} || printf('.%06dZ', {fraction})"
        case Kind.TEXT | Kind.COUNT | Kind.TRUTH:
            return source


def make_views(connection: Connection, views: Sequence[View]) -> None:
    """Make the views, none of which is there."""
    dialect = connection.dialect.name
    for view in views:
        connection.execute(text(view.statement(dialect).replace(":", "\\:")))
    save_setting(connection, _MADE, digest_of(views))


def drop_views(connection: Connection) -> None:
    """Take the views out of the way of changes to the tables that they read."""
    for name in inspect(connection).get_view_names():
        if name.startswith(PREFIX):
            connection.execute(text(f"DROP VIEW {name}"))


def are_made(connection: Connection, views: Sequence[View]) -> bool:
    """Whether the store has the views as they are meant now."""
    return load_setting(connection, _MADE) == digest_of(views)


def digest_of(views: Sequence[View]) -> str:
    """Another one means that some view reads otherwise."""
    told = "\n".join(view.statement("postgresql") + view.statement("sqlite") for view in views)
    return hashlib.sha256(told.encode()).hexdigest()
