"""Expand: a system that uses a definition becomes one that says everything itself.

What the landscape says is laid over the definition, level by level; null takes something away.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.core.plugins import Misfit
from probes.definitions.definition import (
    ColumnSettings,
    Definition,
    Tree,
    definition_names,
    read_definition,
)
from probes.definitions.layers import lay_over

_PLACEHOLDER = re.compile(r"<([a-z][a-z_]*)>")
_COLUMNS, _COLUMN_LIST = "columns", "<column_list>"


def expand_system(given: Tree, folder: Path) -> Tree:
    """The settings of a system as its probe takes them.

    Args:
        given: what the landscape says of the system, `use` among it.
        folder: of the landscape.

    Raises:
        Misfit: no such definition, a value that it needs is missing, or a placeholder of it stands
            for nothing; says at which key.
    """
    definition = _find(given.get("use"), folder)
    own = _texts(given.get("values"))
    values = {**definition.values, **own}
    if lacking := definition.needs.keys() - values.keys():
        name = min(lacking)
        raise Misfit(f"needs '{name}': {definition.needs[name]}", "values")
    if unknown := own.keys() - definition.needs.keys() - definition.values.keys():
        raise Misfit(f"'{min(unknown)}' is no value of {definition.title}", "values", min(unknown))
    ours = {key: value for key, value in given.items() if key not in {"values", "streams"}}
    base = lay_over({"title": definition.title, **definition.system}, ours)
    system: Tree = _fill(base, _Writer(values, ("use",)))
    streams = given.get("streams")
    if isinstance(streams, Mapping):
        system["streams"] = {
            name: _expand_stream(definition, str(name), each, values)
            for name, each in streams.items()
        }
    return system


def _find(name: object, folder: Path) -> Definition:
    try:
        return read_definition(str(name), folder)
    except LookupError:
        known = ", ".join(definition_names())
        raise Misfit(f"there is no definition '{name}'; known are {known}", "use") from None
    except ValueError as error:
        raise Misfit(str(error), "use") from None


def _expand_stream(definition: Definition, name: str, given: Any, of_system: Tree) -> Any:
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        return given
    like = given.get("like", name)
    if "like" in given and like not in definition.streams:
        known = ", ".join(definition.streams)
        message = f"{definition.title} has no ready stream '{like}'; known are {known}"
        raise Misfit(message, "streams", name, "like")
    ready = definition.streams.get(str(like), {})
    whole = lay_over(lay_over(definition.stream, ready), given)
    own = {**of_system, **_texts(whole.pop("values", None))}
    whole.pop("like", None)
    by_key = whole.pop("by_key", None)
    write = _Writer(own, ("streams", name), naming=definition.columns)
    columns = dict.fromkeys(write(each) for each in _columns(whole, definition.columns))
    write = replace(write, columns=list(columns))
    filled: Tree = _fill(whole, write)
    if isinstance(by_key, Mapping):
        filled["lookup"] = lay_over(
            {kind: _fill(by_key, write.with_key(path)) for kind, path in _plain_keys(whole)},
            _mapping(filled.get("lookup")),
        )
    return filled


def _plain_keys(stream: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key kinds by which a source can be asked, and the path of each: those at one path, as is."""
    keys = [_mapping(stream.get(role)) for role in ("defines", "refers")]
    for kind in dict.fromkeys(kind for each in keys for kind in each):
        paths = {_plain_path(each[kind]) for each in keys if kind in each}
        if len(paths) == 1 and (path := paths.pop()) is not None:
            yield kind, path


def _plain_path(key: Any) -> str | None:
    """The path of a key that a source spells as it is; None where it is put together or changed."""
    if isinstance(key, str):
        return key
    path = _mapping(key).get("from")
    is_changed = _mapping(key).keys() - {"from", "required", "normalise"}
    return path if isinstance(path, str) and not is_changed else None


def _columns(stream: Mapping[str, Any], settings: ColumnSettings) -> Iterator[str]:
    """The columns that hold what a stream maps."""
    yield from settings.always
    for path in _paths(stream):
        if not path.startswith((settings.under, "$")):
            continue
        name = settings.name(path)
        if not name.startswith(("[", "@", "$")):
            yield name


def _paths(stream: Mapping[str, Any]) -> Iterator[str]:
    """Every path into a row that a stream's settings name, before they are validated."""
    yield from _path(stream.get("id"))
    for key in ("cursor", "deletes"):
        yield from _path(_mapping(stream.get(key)).get("field"))
    for key in ("map", "defines", "refers"):
        for each in _mapping(stream.get(key)).values():
            yield from _path(_mapping(each).get("from") if isinstance(each, Mapping) else each)


def _path(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list | tuple) else [value]:
        if isinstance(each, str):
            yield each


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(values: Any) -> Tree:
    return {str(key): str(value) for key, value in _mapping(values).items()}


def _fill(tree: Any, write: Callable[[str], Any]) -> Any:
    """The tree with every text written anew, keys too."""
    match tree:
        case str():
            return write(tree)
        case Mapping():
            return {str(write(key)): _fill(each, write) for key, each in tree.items()}
        case list() | tuple():
            return [_fill(each, write) for each in tree]
        case _:
            return tree


@dataclass(frozen=True, slots=True)
class _Writer:
    """Puts values where their names stand in angle brackets.

    Attributes:
        values: by name.
        columns: of the stream; None outside of streams.
        naming: how columns are asked for.
        at: where among the settings a lacking value is missed.
    """

    values: Tree
    at: tuple[str, ...]
    columns: Sequence[str] | None = None
    naming: ColumnSettings | None = None

    def with_key(self, path: str) -> "_Writer":
        """The same, with `<key>` for the column at a path."""
        column = self.naming.name(path) if self.naming is not None else path
        return replace(self, values={**self.values, "key": column})

    def __call__(self, text: str) -> Any:
        """The text with values; `<column_list>` becomes a list."""
        if text == _COLUMN_LIST and self.columns is not None:
            return list(self.columns)
        return _PLACEHOLDER.sub(self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        name = found[1]
        if name == _COLUMNS and self.columns is not None and self.naming is not None:
            return self.naming.write(self.columns)
        if name not in self.values:
            raise Misfit(f"'{name}' must be given under 'values'", *self.at)
        return str(self.values[name])
