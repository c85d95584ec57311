"""OCEL 2.0 files read back by the standard's rules, restated here, into one and the same form.

Whoever breaks a rule fails: types that are declared, values of their types, pointers that lead
somewhere, identities used once, tables with the columns that they must have.
"""

import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

KINDS = {"string", "time", "integer", "float", "boolean"}
FIRST = "1970-01-01T00:00:00.000000Z"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

Types = dict[str, dict[str, str]]
Pointers = frozenset[tuple[str, str]]


@dataclass
class Read:
    """A log as its file tells it; values as text."""

    object_types: Types = field(default_factory=dict)
    event_types: Types = field(default_factory=dict)
    objects: dict[str, tuple[str, frozenset[tuple[str, str, str]], Pointers]] = field(
        default_factory=dict
    )
    events: dict[str, tuple[str, str, frozenset[tuple[str, str]], Pointers]] = field(
        default_factory=dict
    )

    def check(self) -> None:
        for types in (self.object_types, self.event_types):
            assert all(kind in KINDS for each in types.values() for kind in each.values())
        for kind, changes, pointers in self.objects.values():
            declared = self.object_types[kind]
            for name, at, value in changes:
                assert TIME.fullmatch(at)
                _check_value(value, declared[name])
            assert all(target in self.objects for target, _ in pointers)
        for kind, at, values, pointers in self.events.values():
            assert TIME.fullmatch(at)
            for name, value in values:
                _check_value(value, self.event_types[kind][name])
            assert pointers, "an event has to be about something"
            assert all(target in self.objects for target, _ in pointers)


def _check_value(value: str, kind: str) -> None:
    match kind:
        case "time":
            datetime.fromisoformat(value)
        case "integer":
            int(value)
        case "float":
            Decimal(value)
        case "boolean":
            assert value in {"true", "false"}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_json(path: Path) -> Read:
    document = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    assert set(document) == {"objectTypes", "eventTypes", "objects", "events"}
    read = Read(_json_types(document["objectTypes"]), _json_types(document["eventTypes"]))
    for each in document["objects"]:
        assert set(each) == {"id", "type", "attributes", "relationships"}
        assert each["id"] not in read.objects
        changes = frozenset((a["name"], a["time"], _text(a["value"])) for a in each["attributes"])
        read.objects[each["id"]] = (each["type"], changes, _json_pointers(each))
    for each in document["events"]:
        assert set(each) == {"id", "type", "time", "attributes", "relationships"}
        assert each["id"] not in read.events
        values = frozenset((a["name"], _text(a["value"])) for a in each["attributes"])
        read.events[each["id"]] = (each["type"], each["time"], values, _json_pointers(each))
    return read


def _json_types(types: Iterable[Mapping[str, Any]]) -> Types:
    return {each["name"]: {a["name"]: a["type"] for a in each["attributes"]} for each in types}


def _json_pointers(each: Mapping[str, Any]) -> Pointers:
    return frozenset((r["objectId"], r["qualifier"]) for r in each["relationships"])


def read_xml(path: Path) -> Read:
    log = ET.parse(path).getroot()  # noqa: S314 - our own file
    assert [child.tag for child in log] == ["object-types", "event-types", "objects", "events"]
    read = Read(_xml_types(log[0], "object-type"), _xml_types(log[1], "event-type"))
    for each in log[2]:
        assert (each.tag, set(each.attrib)) == ("object", {"id", "type"})
        assert each.attrib["id"] not in read.objects
        changes = frozenset((a.attrib["name"], a.attrib["time"], a.text or "") for a in each[0])
        read.objects[each.attrib["id"]] = (each.attrib["type"], changes, _xml_pointers(each[1]))
    for each in log[3]:
        assert (each.tag, set(each.attrib)) == ("event", {"id", "type", "time"})
        assert each.attrib["id"] not in read.events
        values = frozenset((a.attrib["name"], a.text or "") for a in each[0])
        told = (each.attrib["type"], each.attrib["time"], values, _xml_pointers(each[1]))
        read.events[each.attrib["id"]] = told
    return read


def _xml_types(types: ET.Element, tag: str) -> Types:
    assert {each.tag for each in types} == {tag}
    return {
        each.attrib["name"]: {a.attrib["name"]: a.attrib["type"] for a in each[0]} for each in types
    }


def _xml_pointers(objects: ET.Element) -> Pointers:
    assert objects.tag == "objects"
    assert {each.tag for each in objects} <= {"relationship"}
    return frozenset((r.attrib["object-id"], r.attrib["qualifier"]) for r in objects)


SQL_KINDS = {
    "TEXT": "string",
    "TIMESTAMP": "time",
    "INTEGER": "integer",
    "REAL": "float",
    "BOOLEAN": "boolean",
}


def read_sqlite(path: Path) -> Read:
    read = Read()
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        objects = dict(map(tuple, database.execute("SELECT ocel_id, ocel_type FROM object")))
        events = dict(map(tuple, database.execute("SELECT ocel_id, ocel_type FROM event")))
        for kind, short in database.execute("SELECT * FROM object_map_type"):
            table = f"object_{short}"
            read.object_types[kind] = _columns(
                database, table, ["ocel_id", "ocel_time", "ocel_changed_field"]
            )
            changes: dict[str, set[tuple[str, str, str]]] = {}
            for row in database.execute(f'SELECT * FROM "{table}"'):
                assert objects[row["ocel_id"]] == kind
                told = {name for name in read.object_types[kind] if row[name] is not None}
                assert row["ocel_changed_field"] is None or told == {row["ocel_changed_field"]}
                assert (row["ocel_changed_field"] is None) == (row["ocel_time"] == FIRST)
                changes.setdefault(row["ocel_id"], set()).update(
                    (name, row["ocel_time"], _stored(row[name], read.object_types[kind][name]))
                    for name in told
                )
            for identity, of_object in changes.items():
                pointers = _sql_pointers(database, "object_object", "ocel_source_id", identity)
                read.objects[identity] = (kind, frozenset(of_object), pointers)
        for kind, short in database.execute("SELECT * FROM event_map_type"):
            table = f"event_{short}"
            read.event_types[kind] = _columns(database, table, ["ocel_id", "ocel_time"])
            for row in database.execute(f'SELECT * FROM "{table}"'):
                assert events[row["ocel_id"]] == kind
                values = frozenset(
                    (name, _stored(row[name], read.event_types[kind][name]))
                    for name in read.event_types[kind]
                    if row[name] is not None
                )
                pointers = _sql_pointers(database, "event_object", "ocel_event_id", row["ocel_id"])
                read.events[row["ocel_id"]] = (kind, row["ocel_time"], values, pointers)
        assert objects.keys() == read.objects.keys()
        assert events.keys() == read.events.keys()
    return read


def _columns(database: sqlite3.Connection, table: str, first: list[str]) -> dict[str, str]:
    rows = database.execute(f'PRAGMA table_info("{table}")').fetchall()
    assert [row["name"] for row in rows[: len(first)]] == first
    return {row["name"]: SQL_KINDS[row["type"]] for row in rows[len(first) :]}


def _stored(value: object, kind: str) -> str:
    return _text(bool(value)) if kind == "boolean" else str(value)


def _sql_pointers(database: sqlite3.Connection, table: str, column: str, identity: str) -> Pointers:
    other = "ocel_target_id" if table == "object_object" else "ocel_object_id"
    query = f"SELECT {other}, ocel_qualifier FROM {table} WHERE {column} = ?"
    return frozenset((row[0], row[1]) for row in database.execute(query, (identity,)))
