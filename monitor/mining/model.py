"""An object-centric event log: objects that change, events that are about them.

Source: OCEL (Object-Centric Event Log) Specification 2.0, ocel-standard.org: objects and events
have types with attributes; values of objects have a time, 1970-01-01 standing for the first one;
events and objects point at objects, each pointer with a qualifier.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the beginning, whenever it was."""

Value = str | int | bool | Decimal | datetime


class ValueType(StrEnum):
    """The types that the standard knows."""

    STRING = "string"
    TIME = "time"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class LogType:
    """A type of objects or of events, with the types of its attributes by name."""

    name: str
    attributes: Mapping[str, ValueType]


class Pointer(NamedTuple):
    """To an object, and in which role."""

    object_id: str
    qualifier: str


class Change(NamedTuple):
    """A value that an attribute has from a time on."""

    name: str
    at: datetime
    value: Value


@dataclass(frozen=True, slots=True)
class LogObject:
    """An object, its values over time, and what it belongs to."""

    id: str
    type: str
    changes: tuple[Change, ...] = ()
    pointers: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True)
class LogEvent:
    """Something that happened, and to what."""

    id: str
    type: str
    at: datetime
    values: Mapping[str, Value]
    pointers: tuple[Pointer, ...]


@dataclass(frozen=True, slots=True)
class EventLog:
    """A log that may be larger than memory: objects and events can each be gone through once."""

    object_types: tuple[LogType, ...]
    event_types: tuple[LogType, ...]
    objects: Iterable[LogObject]
    events: Iterable[LogEvent]


def show_time(at: datetime) -> str:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def show_value(value: Value) -> str:
    """As text: decimals with all of their digits, truth values in small letters."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return show_time(value)
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)
