"""OCEL 2.0 as JSON, an object and an event at a time."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO, TypeVar

import msgspec

from monitor.mining.model import (
    EventLog,
    LogEvent,
    LogObject,
    LogType,
    Pointer,
    Value,
    show_time,
    show_value,
)

Item = TypeVar("Item")


def write_json(log: EventLog, path: Path) -> None:
    """Write the log into a file."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"objectTypes": ')
        _write_list(log.object_types, _type, file)
        file.write(',\n"eventTypes": ')
        _write_list(log.event_types, _type, file)
        file.write(',\n"objects": ')
        _write_list(log.objects, _object, file)
        file.write(',\n"events": ')
        _write_list(log.events, _event, file)
        file.write("}\n")


def _write_list(items: Iterable[Item], shape: Callable[[Item], Any], file: TextIO) -> None:
    file.write("[")
    for number, item in enumerate(items):
        file.write(",\n" if number else "\n")
        file.write(msgspec.json.encode(shape(item)).decode())
    file.write("]")


def _type(log_type: LogType) -> dict[str, Any]:
    attributes = [{"name": name, "type": kind} for name, kind in log_type.attributes.items()]
    return {"name": log_type.name, "attributes": attributes}


def _object(item: LogObject) -> dict[str, Any]:
    changes = [
        {"name": each.name, "time": show_time(each.at), "value": _value(each.value)}
        for each in item.changes
    ]
    pointers = list(_pointers(item.pointers))
    return {"id": item.id, "type": item.type, "attributes": changes, "relationships": pointers}


def _event(item: LogEvent) -> dict[str, Any]:
    values = [{"name": name, "value": _value(value)} for name, value in item.values.items()]
    return {
        "id": item.id,
        "type": item.type,
        "time": show_time(item.at),
        "attributes": values,
        "relationships": list(_pointers(item.pointers)),
    }


def _pointers(pointers: Iterable[Pointer]) -> Iterator[dict[str, str]]:
    for each in pointers:
        yield {"objectId": each.object_id, "qualifier": each.qualifier}


def _value(value: Value) -> object:
    """Numbers with all of their digits, whatever the reader makes of them."""
    if isinstance(value, bool | int | str):
        return value
    shown = show_value(value)
    return msgspec.Raw(shown.encode()) if isinstance(value, Decimal) else shown
