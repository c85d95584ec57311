"""The part of Tryton's JSON-RPC that reading needs, over rows in memory."""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from operator import eq, ge, gt, lt
from pathlib import Path
from typing import Any

from tests.probes.sources.source import CANARY, Row
from tests.servers import Fault, Reply, Request, ScriptedServer

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "<": lt,
    ">": gt,
    ">=": ge,
    "in": lambda value, several: value in several,
    "ilike": lambda value, pattern: is_like(value.lower(), pattern.lower()),
}


def is_like(value: str, pattern: str) -> bool:
    """SQL's LIKE: `%` and `_` stand for others unless a backslash is before them."""
    wild = {"%": ".*", "_": "."}
    parts = re.findall(r"\\(.)|(.)", pattern, re.DOTALL)
    regex = "".join(re.escape(plain) or wild.get(each, re.escape(each)) for plain, each in parts)
    return re.fullmatch(regex, value, re.DOTALL) is not None


@dataclass
class TrytonServer:
    """One database; a session is forgotten when `sessions` is emptied."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    sessions: set[str] = field(default_factory=set)
    logins: int = 0
    failure: Any = None
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        call = request.json
        if call["method"] == "common.db.login":
            return self._log_in(*call["params"])
        if request.headers.get("authorization", "").removeprefix("Session ") not in self.sessions:
            return Reply({}, status=401)
        self.calls.append((call["method"], call["params"]))
        if self.failure is not None:
            return Reply({"id": 1, "error": self.failure})
        *_, method = call["method"].split(".")
        return Reply({"id": 1, "result": getattr(self, method)(*call["params"])})

    def search_read(
        self, domain: Any, offset: int, limit: int, order: Any, fields: list[str], context: Any
    ) -> list[Any]:
        assert order == [["id", "ASC"]]
        found = self._found(domain)[offset : offset + limit]
        return [project(row, fields) for row in found]

    def search(self, domain: Any, offset: int, limit: int, order: Any, context: Any) -> list[int]:
        assert order == [["id", "ASC"]]
        return [row["id"] for row in self._found(domain)[offset : offset + limit]]

    def _log_in(self, user: str, secrets: Mapping[str, str]) -> Reply:
        if (user, secrets) != ("admin", {"password": CANARY}):
            return Reply({}, status=401)
        self.logins += 1
        token = f"{CANARY}-{self.logins}"
        self.sessions.add(base64.b64encode(f"admin:1:{token}".encode()).decode())
        return Reply({"id": 0, "result": [1, token, None]})

    def _found(self, domain: Any) -> list[dict[str, Any]]:
        return sorted(
            (row for row in self.rows if fits(row, domain)), key=lambda found: int(found["id"])
        )


def fits(row: Mapping[str, Any], domain: Any) -> bool:
    if not domain:
        return True
    if isinstance(domain[0], str) and domain[0] in ("AND", "OR"):
        test = any if domain[0] == "OR" else all
        return test(fits(row, each) for each in domain[1:])
    if not isinstance(domain[0], str):
        return all(fits(row, each) for each in domain)
    name, operator, operand = domain
    value: Any = row
    for step in name.split("."):
        value = value.get(step) if value else None
    operand = read(operand)
    if value is None or operand is None:
        return operator == "=" and value is operand
    return OPERATORS[operator](value, operand)


def project(row: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """What `search_read` gives: related values nested below the field's name and a dot."""
    projected: dict[str, Any] = {"id": row["id"]}
    for name in fields:
        first, dot, rest = name.partition(".")
        value = row.get(first)
        if not dot:
            projected[name] = write(value.get("id", value) if isinstance(value, dict) else value)
        elif value is None:
            projected[f"{first}."] = None
        else:
            nested = projected.setdefault(f"{first}.", {"id": value["id"]})
            nested[rest] = write(value.get(rest))
    return projected


def write(value: Any) -> Any:
    match value:
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
        case datetime():
            parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            utc = value.astimezone(UTC)
            return {"__class__": "datetime", **{part: getattr(utc, part) for part in parts}}
        case _:
            return value


def read(value: Any) -> Any:
    if isinstance(value, dict) and value["__class__"] == "datetime":
        parts = {name: part for name, part in value.items() if name != "__class__"}
        return datetime(**parts, tzinfo=UTC)
    return value


class TrytonSource:
    """Serves what was written last."""

    def __init__(self, folder: Path) -> None:
        self.tryton = TrytonServer()
        self._server = ScriptedServer({"/psa/rpc/": self.tryton.answer}).__enter__()
        self.settings: dict[str, Any] = {
            "probe": "tryton",
            "url": self._server.url,
            "database": "psa",
            "user": "admin",
            "password": CANARY,
            "streams": {
                "project": {
                    "model": "project.work",
                    "domain": [["type", "=", "project"]],
                    "entity": "project",
                    "map": {"name": "name"},
                    "refers": {"deal": "deal"},
                    "cursor": {"field": "write_date"},
                    "deletes": {"kind": "sweep"},
                    "page_size": 7,
                }
            },
        }

    def write(self, rows: Sequence[Row]) -> None:
        """Every second row was never written since it was created; tasks lie between projects."""
        self.tryton.rows = []
        for row in rows:
            number = int(row.id)
            written = row.modified_at if number % 2 else None
            self.tryton.rows += [
                {"id": number, "type": "project", "name": row.name, "deal": row.deal.strip(),
                 "write_date": written, "create_date": row.modified_at},
                {"id": number + 1000, "type": "task", "name": "", "write_date": row.modified_at},
            ]  # fmt: skip

    def spoil(self) -> None:
        spoilt = {"id": 999, "name": {"__class__": "odd"}, "deal": None}
        self.tryton.rows.append({**self.tryton.rows[0], **spoilt})

    def fail(self) -> None:
        self._server.scripts = dict.fromkeys((*self._server.scripts, "/"), Reply(fault=Fault.CUT))

    def close(self) -> None:
        self._server.__exit__(None, None, None)
