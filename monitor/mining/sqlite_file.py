"""OCEL 2.0 as a SQLite database: a table for each type, and those that hold them together.

Source: OCEL Specification 2.0, section on the relational implementation.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from monitor.mining.model import (
    FIRST,
    Change,
    EventLog,
    LogEvent,
    LogObject,
    LogType,
    Value,
    ValueType,
    show_time,
)

Item = TypeVar("Item")

_AT_A_TIME = 5_000
_COLUMN_TYPES: Mapping[ValueType, str] = {
    ValueType.STRING: "TEXT",
    ValueType.TIME: "TIMESTAMP",
    ValueType.INTEGER: "INTEGER",
    ValueType.FLOAT: "REAL",
    ValueType.BOOLEAN: "BOOLEAN",
}
_TABLES = """
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT);
CREATE TABLE event (
    ocel_id TEXT PRIMARY KEY,
    ocel_type TEXT REFERENCES event_map_type (ocel_type)
);
CREATE TABLE object (
    ocel_id TEXT PRIMARY KEY,
    ocel_type TEXT REFERENCES object_map_type (ocel_type)
);
CREATE TABLE event_object (
    ocel_event_id TEXT REFERENCES event (ocel_id),
    ocel_object_id TEXT REFERENCES object (ocel_id),
    ocel_qualifier TEXT,
    PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier)
);
CREATE TABLE object_object (
    ocel_source_id TEXT REFERENCES object (ocel_id),
    ocel_target_id TEXT REFERENCES object (ocel_id),
    ocel_qualifier TEXT,
    PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier)
);
"""


class LogTable(NamedTuple):
    """The table of a type, and its attributes in order."""

    name: str
    columns: tuple[str, ...]


def write_sqlite(log: EventLog, path: Path) -> None:
    """Write the log into a database that is not there yet."""
    with closing(sqlite3.connect(path)) as database, database:
        # Whoever is interrupted starts again: nothing has to survive that.
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        database.executescript(_TABLES)
        objects = _make_tables(database, "object", log.object_types)
        events = _make_tables(database, "event", log.event_types)
        for items in _portions(log.objects):
            _write_objects(database, items, objects)
        for happened in _portions(log.events):
            _write_events(database, happened, events)


def _portions(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while portion := list(islice(remaining, _AT_A_TIME)):
        yield portion


def _make_tables(
    database: sqlite3.Connection, prefix: str, types: Iterable[LogType]
) -> dict[str, LogTable]:
    """A table for each type, by the type's name."""
    tables: dict[str, LogTable] = {}
    for each in types:
        short = re.sub(r"\W", "", each.name.title())
        taken = {table.name for table in tables.values()}
        name = short if f"{prefix}_{short}" not in taken else f"{short}{len(tables)}"
        table = LogTable(f"{prefix}_{name}", tuple(each.attributes))
        tables[each.name] = table
        database.execute(f"INSERT INTO {prefix}_map_type VALUES (?, ?)", (each.name, name))
        columns = "".join(
            f", {_quoted(attribute)} {_COLUMN_TYPES[kind]}"
            for attribute, kind in each.attributes.items()
        )
        changed = ", ocel_changed_field TEXT" if prefix == "object" else ""
        key = "" if prefix == "object" else " PRIMARY KEY"
        database.execute(
            f"CREATE TABLE {_quoted(table.name)} (ocel_id TEXT{key} REFERENCES {prefix} (ocel_id),"
            f" ocel_time TIMESTAMP{changed}{columns})"
        )
    return tables


def _write_objects(
    database: sqlite3.Connection, items: list[LogObject], tables: Mapping[str, LogTable]
) -> None:
    database.executemany("INSERT INTO object VALUES (?, ?)", ((it.id, it.type) for it in items))
    database.executemany(
        "INSERT OR IGNORE INTO object_object VALUES (?, ?, ?)",
        ((item.id, *pointer) for item in items for pointer in item.pointers),
    )
    for item in items:
        table = tables[item.type]
        for at, field, values in _states(item.changes):
            row = (item.id, show_time(at), field, *map(values.get, table.columns))
            marks = ", ".join("?" * len(row))
            database.execute(f"INSERT INTO {_quoted(table.name)} VALUES ({marks})", row)


def _states(
    changes: Iterable[Change],
) -> Iterator[tuple[datetime, str | None, dict[str, object]]]:
    """The first values together, then each change by itself: time, changed field, values."""
    first = {each.name: _value(each.value) for each in changes if each.at == FIRST}
    yield FIRST, None, first
    for each in changes:
        if each.at != FIRST:
            yield each.at, each.name, {each.name: _value(each.value)}


def _write_events(
    database: sqlite3.Connection, items: list[LogEvent], tables: Mapping[str, LogTable]
) -> None:
    database.executemany("INSERT INTO event VALUES (?, ?)", ((it.id, it.type) for it in items))
    database.executemany(
        "INSERT OR IGNORE INTO event_object VALUES (?, ?, ?)",
        ((item.id, *pointer) for item in items for pointer in item.pointers),
    )
    for item in items:
        table = tables[item.type]
        values = {name: _value(value) for name, value in item.values.items()}
        row = (item.id, show_time(item.at), *map(values.get, table.columns))
        marks = ", ".join("?" * len(row))
        database.execute(f"INSERT INTO {_quoted(table.name)} VALUES ({marks})", row)


def _value(value: Value) -> object:
    match value:
        case datetime():
            return show_time(value)
        case Decimal():
            return float(value)
        case _:
            return value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
