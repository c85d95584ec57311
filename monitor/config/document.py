"""YAML 1.2 read strictly, with the place of every key and value.

Only the plain forms that everybody reads the same way become something else than text: `true`,
`false`, `null`, and decimal numbers without leading zeros. `no`, `off`, `010`, `0x1f`, `1e5` and
`12:30` stay the text that they look like. Tags, merge keys and further documents are refused.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from monitor.config.issues import ConfigurationError, Issue, KeyPath, Problem, show_path

MOST_BYTES = 1 << 20
MOST_LEVELS = 40
MOST_VALUES = 100_000
"""Values after every alias has been followed: a few lines of aliases can stand for billions."""

_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
_MOST_DIGITS = 15
"""A binary float gives back any decimal of so many digits exactly as it was written."""

Tree = Any
"""What a document holds: dict, list, str, int, float, bool or None."""


def read_plain(text: str) -> str | int | float | bool | None:
    """An unquoted scalar: a word of YAML 1.2, a decimal number, or else the text itself."""
    if text in _NULLS:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and sum(map(str.isdigit, text)) <= _MOST_DIGITS:
        return float(text)
    return text


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value as written; a collection holds nodes, a mapping also the place of each key."""

    position: Position
    content: Any


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values and where each of them stands.

    Attributes:
        file: as it was asked for.
        tree: the values.
        keys: place of each key, by the path of its value.
        values: place of each value.
    """

    file: Path
    tree: Tree
    keys: dict[KeyPath, Position] = field(default_factory=dict)
    values: dict[KeyPath, Position] = field(default_factory=dict)

    def locate(self, problem: Problem) -> Issue:
        """The problem with its place.

        What is absent is missed at what should hold it, and a collection that starts below its
        key is meant by the key.
        """
        path, at_key = problem.path, problem.at_key
        while path and path not in self.values:
            path, at_key = path[:-1], True
        place = self.values.get(path, Position(1, 1))
        key = self.keys.get(path)
        if key is not None and (at_key or place.line > key.line):
            place = key
        shown = show_path(problem.path)
        return Issue(place.line, place.column, str(self.file), shown, problem.message)


def read_document(file: Path) -> Document:
    """Read one YAML file.

    Raises:
        ConfigurationError: it cannot be read, is too large, or is not the YAML described above.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        raise ConfigurationError([Issue(1, 1, str(file), "", message)]) from None
    if len(raw) > MOST_BYTES:
        message = f"is larger than {MOST_BYTES:,} bytes"
        raise ConfigurationError([Issue(1, 1, str(file), "", message)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigurationError([Issue(line, 1, str(file), "", "is not UTF-8 text")]) from None
    return parse_document(text, file)


def parse_document(text: str, file: Path) -> Document:
    """Read YAML text; `file` is what errors call it.

    Raises:
        ConfigurationError: as for `read_document`.
    """
    reader = _Reader(text, file)
    try:
        document = reader.read()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
        reader.refuse(place, f"is not YAML: {error.problem or error.context}")
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = f"U+{error.character:04X}"
        reader.refuse(Position(line, 1), f"is not YAML: the character {character} is not allowed")
    except (YAMLError, ValueError, OverflowError):
        # The library lets escapes beyond Unicode through as plain errors without a place.
        reader.refuse(Position(1, 1), "is not YAML: an escape names no character")
    except _Unreadable:
        pass
    if reader.issues:
        raise ConfigurationError(reader.issues)
    return document


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    """Reading cannot go on; the issue has been noted."""


class _Reader:
    """Turns the events of one text into a document, noting what is refused."""

    def __init__(self, text: str, file: Path) -> None:
        self.issues: list[Issue] = []
        self._file = file
        self._events = iter(YAML(typ="safe", pure=True).parse(text))
        self._anchors: dict[str, Node] = {}
        self._values = 0

    def read(self) -> Document:
        root = Node(Position(1, 1), None)
        for event in self._events:
            if isinstance(event, StreamEndEvent):
                break
            if isinstance(event, DocumentStartEvent):
                root = self._compose(next(self._events), 0)
                self._end()
                break
        document = Document(self._file, None)
        tree = self._expand(root, (), document)
        return Document(self._file, tree, document.keys, document.values)

    def refuse(self, place: Position, message: str) -> None:
        self.issues.append(Issue(place.line, place.column, str(self._file), "", message))

    def _stop(self, place: Position, message: str) -> _Unreadable:
        self.refuse(place, message)
        return _Unreadable()

    def _end(self) -> None:
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                raise self._stop(_position(event), "only one document may stand in the file")

    def _compose(self, event: Any, level: int) -> Node:
        place = _position(event)
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise self._stop(place, f"nothing complete is called '&{event.anchor}' above")
            return self._anchors[event.anchor]
        if level > MOST_LEVELS:
            raise self._stop(place, f"is nested deeper than {MOST_LEVELS} levels")
        if event.tag is not None:
            self.refuse(place, f"the tag {event.tag} is not read; write the value without it")
        if isinstance(event, ScalarEvent) and _has_surrogates(event.value):
            raise self._stop(place, "an escape names half a character")
        node = Node(place, self._content(event, level))
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _content(self, event: Any, level: int) -> Any:
        match event:
            case ScalarEvent():
                return read_plain(event.value) if event.style is None else event.value
            case SequenceStartEvent():
                return self._sequence(level)
            case MappingStartEvent():
                return self._mapping(level)

    def _sequence(self, level: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._compose(event, level + 1))
        return items

    def _mapping(self, level: int) -> dict[str, tuple[Position, Node]]:
        entries: dict[str, tuple[Position, Node]] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            place = _position(event)
            key = event.value if isinstance(event, ScalarEvent) else None
            value_event = event if key is None else next(self._events)
            if key is None or _has_surrogates(key):
                raise self._stop(place, "a key must be text")
            if key == "<<":
                self.refuse(place, "merge keys are not read; alias the whole value instead")
            elif key in entries:
                first = entries[key][0].line
                self.refuse(place, f"the key '{key}' stands here and on line {first}")
            entries[key] = (place, self._compose(value_event, level + 1))
        return entries

    def _expand(self, node: Node, path: KeyPath, document: Document) -> Tree:
        self._values += 1
        if self._values > MOST_VALUES or len(path) > MOST_LEVELS:
            raise self._stop(node.position, "the aliases stand for too many values")
        document.values[path] = node.position
        match node.content:
            case dict() as entries:
                document.keys.update({(*path, key): place for key, (place, _) in entries.items()})
                return {
                    key: self._expand(value, (*path, key), document)
                    for key, (_, value) in entries.items()
                }
            case list() as items:
                return [
                    self._expand(item, (*path, index), document) for index, item in enumerate(items)
                ]
            case scalar:
                return scalar


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _position(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)
