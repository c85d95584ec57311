"""The rows in an answer: an answer of another shape is an error, never an empty list."""

from collections.abc import Set
from itertools import takewhile
from typing import Any, Final

from monitor.core.errors import Permanent, Reason
from monitor.core.strict_json import Flaw
from probes.engine.selector import Every, parse_path, select

MOST_NAMES: Final = 8
"""An object with more members than this may well be data."""


def rows_at(document: Any, path: str) -> list[Any]:
    """The rows at a path, which must be there: an answer of another shape is no empty list.

    Raises:
        Permanent: the place where the rows should be does not exist, or holds no rows.
    """
    is_spelled_out = isinstance(document, dict) and path in document
    place = document[path] if is_spelled_out else document
    steps = () if is_spelled_out else parse_path(path)
    for step in takewhile(lambda step: step is not Every.CHILD, steps):
        is_there = (isinstance(place, dict) and step in place) or (
            isinstance(place, list) and isinstance(step, int) and -len(place) <= step < len(place)
        )
        if not is_there:
            raise Permanent(
                f"the answer has nothing at '{path}'{_besides(place)}", reason=Reason.SCHEMA
            )
        place = place[step]
    if not isinstance(place, list | dict | Flaw | None):
        raise Permanent(f"the answer has no list at '{path}'", reason=Reason.SCHEMA)
    rows = select(document, path)
    _refuse_flaws(document, {id(row) for row in rows if isinstance(row, dict | list)})
    return rows


def _besides(place: Any) -> str:
    """What is there instead, for whoever writes the path; an index of records is not shown."""
    names = list(place) if isinstance(place, dict) else []
    return f"; it has {', '.join(names)}" if 0 < len(names) <= MOST_NAMES else ""


def _refuse_flaws(node: Any, rows: Set[int]) -> None:
    """What stands around the rows says where the list goes on: it must be clear.

    Raises:
        Permanent: it holds a value that different readers would read differently.
    """
    if isinstance(node, Flaw):
        raise Permanent(
            f"refused the answer's JSON: it has {node.why} outside the rows",
            reason=Reason.MALFORMED,
        )
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        if id(child) not in rows:
            _refuse_flaws(child, rows)
