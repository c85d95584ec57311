"""OCEL 2.0 as XML, an object and an event at a time."""

import re
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import XMLGenerator

from monitor.mining.model import (
    EventLog,
    LogEvent,
    LogObject,
    LogType,
    Pointer,
    show_time,
    show_value,
)

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def write_xml(log: EventLog, path: Path) -> None:
    """Write the log into a file."""
    with path.open("w", encoding="utf-8") as file:
        writer = _Writer(XMLGenerator(file, "utf-8", short_empty_elements=True))
        writer.log(log)


class _Writer:
    def __init__(self, out: XMLGenerator) -> None:
        self._out = out

    def log(self, log: EventLog) -> None:
        self._out.startDocument()
        self._start("log")
        self._types("object-types", "object-type", log.object_types)
        self._types("event-types", "event-type", log.event_types)
        self._start("objects")
        for item in log.objects:
            self._object(item)
        self._end("objects")
        self._start("events")
        for event in log.events:
            self._event(event)
        self._end("events")
        self._end("log")
        self._out.endDocument()

    def _types(self, many: str, one: str, types: Iterable[LogType]) -> None:
        self._start(many)
        for each in types:
            self._start(one, name=each.name)
            self._start("attributes")
            for name, kind in each.attributes.items():
                self._start("attribute", name=name, type=kind.value)
                self._end("attribute")
            self._end("attributes")
            self._end(one)
        self._end(many)

    def _object(self, item: LogObject) -> None:
        self._start("object", id=item.id, type=item.type)
        self._start("attributes")
        for each in item.changes:
            self._text("attribute", show_value(each.value), name=each.name, time=show_time(each.at))
        self._end("attributes")
        self._pointers(item.pointers)
        self._end("object")

    def _event(self, item: LogEvent) -> None:
        self._start("event", id=item.id, type=item.type, time=show_time(item.at))
        self._start("attributes")
        for name, value in item.values.items():
            self._text("attribute", show_value(value), name=name)
        self._end("attributes")
        self._pointers(item.pointers)
        self._end("event")

    def _pointers(self, pointers: Iterable[Pointer]) -> None:
        self._start("objects")
        for each in pointers:
            told = {"object-id": each.object_id, "qualifier": each.qualifier}
            self._start("relationship", **told)
            self._end("relationship")
        self._end("objects")

    def _text(self, name: str, text: str, /, **attributes: str) -> None:
        self._start(name, **attributes)
        self._out.characters(_writable(text))
        self._end(name)

    def _start(self, name: str, /, **attributes: str) -> None:
        told = {each: _writable(value) for each, value in attributes.items()}
        self._out.startElement(name, told)  # type: ignore[arg-type]  # a mapping will do

    def _end(self, name: str) -> None:
        self._out.endElement(name)


def _writable(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
