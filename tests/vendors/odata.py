"""As much of OData as reading by stamp, id and key takes: comparisons joined by `and` and `or`.

Literals and signs as in OData 4.01 (URL Conventions, 5.1.1) and OData 2 (URI Conventions, 4.5).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.servers import Reply, Request

_STEP = re.compile(
    r"(?P<name>\w+) (?P<sign>ge|gt|le|lt|eq) "
    r"(?P<value>datetimeoffset'[^']*'|guid'[^']*'|'(?:[^']|'')*'|[^\s']+)"
)
_TYPED = re.compile(r"(?:datetimeoffset|guid)'([^']*)'")
JSON_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


class BadRequest(ValueError):  # noqa: N818 - HTTP's own word for it
    """A query that an OData service refuses."""


def find(rows: Iterable[Mapping[str, Any]], request: Request) -> list[dict[str, Any]]:
    """The rows that `$filter`, `$orderby` and `$select` of a request ask for."""
    found = [dict(row) for row in rows if holds(request.param("$filter"), row)]
    for part in reversed(list(filter(None, request.param("$orderby").split(",")))):
        name, _, direction = part.strip().partition(" ")
        if direction not in ("", "asc"):
            raise BadRequest(part)
        found.sort(key=lambda row, name=name: _value(row, name))  # type: ignore[misc]
    if columns := request.param("$select"):
        return [{name: _value(row, name) for name in columns.split(",")} for row in found]
    return found


def holds(text: str, row: Mapping[str, Any]) -> bool:
    """Whether a filter lets a row through; an empty one lets all."""
    return not text or any(
        all(_fits(step, row) for step in part.split(" and ")) for part in text.split(" or ")
    )


def _fits(text: str, row: Mapping[str, Any]) -> bool:
    step = _STEP.fullmatch(text.strip())
    if step is None:
        raise BadRequest(text)
    value, literal = _value(row, step["name"]), step["value"]
    if typed := _TYPED.fullmatch(literal):
        literal = typed[1]
    elif literal.startswith("'"):
        return step["sign"] == "eq" and str(value).lower() == _unquoted(literal).lower()
    if step["sign"] == "eq":
        return str(value).lower() == literal.lower()
    moment = datetime.fromisoformat(literal)
    try:
        stamp = instant(value)
    except ValueError:
        return True  # a stamp that cannot be read is the reader's to set aside
    return {"ge": stamp >= moment, "gt": stamp > moment, "le": stamp <= moment,
            "lt": stamp < moment}[step["sign"]]  # fmt: skip


def instant(value: str) -> datetime:
    """An instant as either version writes it."""
    if dressed := JSON_DATE.fullmatch(value):
        return datetime.fromtimestamp(int(dressed[1]) / 1000, tz=UTC)
    return datetime.fromisoformat(value)


def _value(row: Mapping[str, Any], name: str) -> Any:
    if name not in row:
        raise BadRequest(name)
    return row[name]


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace("''", "'")


def bad_request(error: BadRequest) -> Reply:
    """What a service answers to a query that it does not understand."""
    return Reply({"error": {"code": "0x0", "message": f"cannot read: {error}"}}, status=400)
