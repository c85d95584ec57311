"""The landscape's JSON Schema walked beside a document: what may stand at a path.

Says what pydantic's errors do not: which keys there were to choose from, which values must be
secrets, and which part of an error's location is a place in the file.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from monitor.config.document import Tree
from monitor.config.issues import KeyPath

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error's location leads.

    Attributes:
        path: as far as the document goes.
        absent: the key that the document lacks there; empty where it lacks none.
        at_key: the key itself is meant.
    """

    path: KeyPath
    absent: str = ""
    at_key: bool = False


class Shape:
    """A landscape model's schema beside one document."""

    def __init__(self, schema: Callable[[], Schema], tree: Tree) -> None:
        """Get ready; the schema is asked for when something has to be looked up in it."""
        self._make_schema = schema
        self._tree = tree

    @cached_property
    def _schema(self) -> Schema:
        return self._make_schema()

    def keys_at(self, path: KeyPath) -> set[str]:
        """The keys that the mapping at this path may have; none where it is free."""
        return {key for option in self._at(path) for key in option.get("properties", {})}

    def is_secret(self, path: KeyPath) -> bool:
        """Whether the value is one that must come from a reference."""
        return any(option.get("format") == "password" for option in self._at(path))

    def takes_text(self, path: KeyPath) -> bool:
        """Whether text may stand here; true where nothing is known of the place."""
        options = self._at(path)
        return not options or any(option.get("type", "string") == "string" for option in options)

    def locate(self, location: Sequence[int | str]) -> Place:
        """The place in the document that an error's location means.

        A location also names the alternatives of unions and the wrappers that were tried; these
        are stepped over.
        """
        path: KeyPath = ()
        value = self._tree
        tag = self._tag(path, value)
        for step in location:
            if step == tag:
                tag = None
            elif step == "[key]":
                return Place(path, at_key=True)
            elif _holds(value, step):
                path, value = (*path, step), value[step]
                tag = self._tag(path, value)
        last = location[-1] if location else ""
        absent = isinstance(value, dict) and isinstance(last, str) and last not in path[-1:]
        return Place(path, absent=str(last) if absent else "")

    def secrets(self) -> Iterator[KeyPath]:
        """Every text of the document that must come from a reference."""
        yield from self._secrets((), self._tree)

    def _secrets(self, path: KeyPath, value: Tree) -> Iterator[KeyPath]:
        match value:
            case dict():
                for key, item in value.items():
                    yield from self._secrets((*path, key), item)
            case list():
                for index, item in enumerate(value):
                    yield from self._secrets((*path, index), item)
            case str() if self.is_secret(path):
                yield path

    def _tag(self, path: KeyPath, value: Tree) -> object:
        """What a discriminated union at this place is told apart by, as the document says it."""
        if not isinstance(value, dict):
            return None
        for option in self._at(path, choose=False):
            if (discriminator := option.get("discriminator")) is not None:
                return value.get(discriminator["propertyName"])
        return None

    def _at(self, path: KeyPath, *, choose: bool = True) -> list[Schema]:
        """The schemas that may hold at this path; `choose` picks the members of unions."""
        value = self._tree
        schemas: list[Schema] = [self._schema]
        for step in path:
            chosen = [option for schema in schemas for option in self._choose(schema, value)]
            schemas = [below for option in chosen for below in _step(option, step)]
            if not _holds(value, step):
                return []
            value = value[step]
        if choose:
            return [option for schema in schemas for option in self._choose(schema, value)]
        return [option for schema in schemas for option in self._flatten(schema)]

    def _choose(self, schema: Schema, value: Tree) -> Iterator[Schema]:
        for option in self._flatten(schema):
            if (discriminator := option.get("discriminator")) is None:
                yield option
            elif isinstance(value, dict):
                tag = value.get(discriminator["propertyName"])
                if isinstance(tag, str) and tag in discriminator["mapping"]:
                    yield from self._flatten({"$ref": discriminator["mapping"][tag]})

    def _flatten(self, schema: Schema) -> Iterator[Schema]:
        """The schema with references and plain alternatives followed, discriminated ones kept."""
        if (reference := schema.get("$ref")) is not None:
            yield from self._flatten(self._schema["$defs"][reference.rpartition("/")[2]])
        elif "anyOf" in schema:
            for option in schema["anyOf"]:
                yield from self._flatten(option)
        else:
            yield schema


def _holds(value: Tree, step: int | str) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _step(schema: Schema, step: int | str) -> Iterator[Schema]:
    if isinstance(step, int):
        prefix = schema.get("prefixItems", [])
        if step < len(prefix):
            yield prefix[step]
        elif isinstance(schema.get("items"), dict):
            yield schema["items"]
        return
    if step in schema.get("properties", {}):
        yield schema["properties"][step]
        return
    for pattern, below in schema.get("patternProperties", {}).items():
        if re.search(pattern, step):
            yield below
    if isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]
