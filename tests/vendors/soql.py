"""As much of SOQL as reading by stamp, id and key takes.

Grammar and literals as in Salesforce's SOQL reference: instants stand bare, texts in single quotes
with backslashes before quotes, and texts are compared without regard to case.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

_QUERY = re.compile(
    r"SELECT\s+(?P<columns>.+?)\s+FROM\s+(?P<table>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+ORDER\s+BY\s+(?P<order>[\w., ]+?))?"
    r"(?:\s+LIMIT\s+\d+)?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_STEP = re.compile(
    r"(?P<name>[\w.]+)\s*(?:(?P<sign>>=|<=|=|<|>)\s*(?P<value>'(?:[^'\\]|\\.)*'|[^\s']+)"
    r"|IN\s*\((?P<list>(?:\s*'(?:[^'\\]|\\.)*'\s*,?)+)\))\s*(?:AND\s+|$)",
    re.IGNORECASE,
)
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")


class Malformed(ValueError):  # noqa: N818 - as Salesforce calls it
    """A query that Salesforce refuses, with its error code first."""


def run(query: str, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The rows that a query finds, with the columns that it asks for."""
    parts = _QUERY.match(query.strip())
    if parts is None:
        raise Malformed("MALFORMED_QUERY")
    if parts["table"] not in tables:
        raise Malformed("INVALID_TYPE")
    columns = [each.strip() for each in parts["columns"].split(",")]
    found = [row for row in tables[parts["table"]] if _holds(parts["where"] or "", row)]
    for name in reversed((parts["order"] or "").split(",")):
        if name.strip():
            found.sort(key=lambda row, name=name: _value(row, name.strip()))  # type: ignore[misc]
    return [_shown(row, columns) for row in found]


def _shown(row: Mapping[str, Any], columns: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for column in columns:
        at = shown
        *above, last = column.split(".")
        for step in above:
            at = at.setdefault(step, {})
        at[last] = _value(row, column)
    return shown


def _value(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise Malformed("INVALID_FIELD")
        value = value[step]
    return value


def _holds(where: str, row: Mapping[str, Any]) -> bool:
    position = 0
    while position < len(where):
        step = _STEP.match(where, position)
        if step is None:
            raise Malformed("MALFORMED_QUERY")
        if not _fits(step, row):
            return False
        position = step.end()
    return True


def _fits(step: re.Match[str], row: Mapping[str, Any]) -> bool:
    value = _value(row, step["name"])
    if step["list"] is not None:
        return str(value).lower() in {_unquoted(each) for each in _TEXT.findall(step["list"])}
    literal = step["value"]
    if literal.startswith("'"):
        return step["sign"] == "=" and str(value).lower() == _unquoted(literal[1:-1])
    if literal.lower() in {"true", "false"}:
        return bool(value) is (literal.lower() == "true")
    moment = datetime.fromisoformat(literal)
    stamp = datetime.fromisoformat(value)
    return {
        ">=": stamp >= moment,
        "<=": stamp <= moment,
        "<": stamp < moment,
        ">": stamp > moment,
        "=": stamp == moment,
    }[step["sign"]]


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).lower()
