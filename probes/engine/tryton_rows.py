"""Tryton's filters and rows, as its JSON-RPC takes and gives them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from probes.engine.tagged_json import tag, untag

WRITTEN: Final = "write_date"
CREATED: Final = "create_date"

Domain = list[Any]
"""Tryton's filter: a list of clauses that must all hold, or of `OR` and clauses."""


def changed_since(since: datetime | None, field: str) -> Domain:
    """Rows whose last change, or creation where there is none, is in the window or after it.

    The window's end leaves nothing out: it is the server's clock by the second, and what was
    written since is as real. The cursor does not move beyond it.
    """
    if since is None:
        return []
    changed = [field, ">=", tag(since)]
    if field != WRITTEN:
        return [changed]
    return ["OR", [changed], [[WRITTEN, "=", None], [CREATED, ">=", tag(since)]]]


def all_of(*domains: Domain) -> Domain:
    """Every clause that says something."""
    return [domain for domain in domains if domain]


def literally(value: str) -> str:
    """A pattern that only this text fits, whatever its case."""
    for special in ("\\", "%", "_"):
        value = value.replace(special, f"\\{special}")
    return value


def read_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with plain values, and `party.name` where Tryton nests `party.` and `name`."""
    read: dict[str, Any] = {}
    for name, value in row.items():
        if name.endswith(".") and isinstance(value, Mapping):
            read.update({f"{name}{inner}": each for inner, each in read_row(value).items()})
        elif not name.endswith("."):
            read[name] = untag(value)
    if read.get(WRITTEN) is None and CREATED in read:
        read[WRITTEN] = read[CREATED]
    return read
