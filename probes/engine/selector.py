"""Paths into a source's rows: `amount`, `party.name`, `$.lines[0].sku`, `['a.b']`, `items[*]`.

`fields[name='Deal'].value` leads into the one element of a list whose `name` is `Deal`: so many
vendors send the fields that a firm added.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final


class Every(Enum):
    """The step `[*]`: every element of a list, every value of an object."""

    CHILD = "*"


@dataclass(frozen=True, slots=True)
class Where:
    """The step `[name='text']`: the first element of a list whose field holds the text.

    Attributes:
        field: of the element.
        text: what the field must hold, to the letter.
    """

    field: str
    text: str


Step = str | int | Every | Where

_STEP: Final = re.compile(
    r"""\[(?P<index>-?\d+)\] | (?P<every>\[\*\]) | \['(?P<quoted>[^']+)'\] | \["(?P<double>[^"]+)"\]
    | \[(?P<field>\w+)=(?:'(?P<text>[^']*)'|"(?P<text_double>[^"]*)")\]
    | \.(?P<every_key>\*)(?=[.\[]|$) | \.(?P<key>[^.\[\]]+)""",
    re.VERBOSE,
)


@lru_cache(maxsize=4096)
def parse_path(path: str) -> tuple[Step, ...]:
    """The steps of a path; `$` alone is the document itself.

    Raises:
        ValueError: the path cannot be read, with the place where it goes wrong.
    """
    rest = path[1:] if path == "$" or path.startswith(("$.", "$[")) else path
    if rest and not rest.startswith((".", "[")):
        rest = "." + rest
    if not path:
        raise ValueError("a path must not be empty")
    steps: list[Step] = []
    position = 0
    while position < len(rest):
        found = _STEP.match(rest, position)
        if found is None:
            raise ValueError(f"path '{path}' cannot be read from '{rest[position:]}' on")
        steps.append(_step(found))
        position = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    match found.lastgroup:
        case "index":
            return int(found["index"])
        case "every" | "every_key":
            return Every.CHILD
        case "field" | "text" | "text_double":
            text = found["text"] if found["text"] is not None else found["text_double"]
            return Where(found["field"], text)
        case _:
            return next(text for text in found.group("quoted", "double", "key") if text)


def select(document: Any, path: str) -> list[Any]:
    """The rows at a path: `$.items[*]` and `items` are the same, an object alone is one row.

    A missing step, or null where the list should be, gives no row. A null inside the list stays,
    so that it is counted as a row that could not be read.
    """
    found = _find(document, path)
    if len(found) != 1 or Every.CHILD in parse_path(path):
        return found
    only = found[0]
    if only is None:
        return []
    return list(only) if _is_list(only) else [only]


def value_at(row: Any, path: str) -> Any:
    """The value at a path; None where a step is missing, a list where the path has `[*]`.

    A key that is spelled like the whole path wins: columns of files and databases may have dots.
    """
    found = _find(row, path)
    if Every.CHILD in parse_path(path):
        return found
    return found[0] if found else None


def is_absent(row: Any, path: str) -> bool:
    """Whether the row does not even have a place for a value; null is one."""
    return not _find(row, path)


def values_at(row: Any, path: str) -> list[Any]:
    """Every value at a path, a list's elements one by one, None for an element without it."""
    found = _find(row, path)
    return [each for value in found for each in (value if _is_list(value) else (value,))]


def _find(document: Any, path: str) -> list[Any]:
    if isinstance(document, Mapping) and path in document:
        return [document[path]]
    return _walk(document, parse_path(path))


def _walk(node: Any, steps: tuple[Step, ...]) -> list[Any]:
    for position, step in enumerate(steps):
        if step is Every.CHILD:
            return list(_walk_children(node, steps[position + 1 :]))
        if isinstance(step, str):
            if not isinstance(node, Mapping) or step not in node:
                return []
            node = node[step]
        elif isinstance(step, Where):
            node = _element(node, step)
            if node is None:
                return []
        else:
            if not _is_list(node) or not -len(node) <= step < len(node):
                return []
            node = node[step]
    return [node]


def _walk_children(node: Any, rest: tuple[Step, ...]) -> Iterator[Any]:
    """One value a child, so that two paths over the same list stay aligned."""
    children = node.values() if isinstance(node, Mapping) else node if _is_list(node) else ()
    placeholder = () if Every.CHILD in rest else (None,)
    for child in children:
        yield from _walk(child, rest) or placeholder


def _element(node: Any, step: Where) -> Mapping[str, Any] | None:
    elements = node if _is_list(node) else ()
    fitting = (
        each
        for each in elements
        if isinstance(each, Mapping) and str(each.get(step.field)) == step.text
    )
    return next(fitting, None)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)
