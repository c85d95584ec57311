"""The part of Tryton's JSON-RPC that writing needs, over rows in memory."""

import base64
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from monitor.core.model import Value
from monitor.core.writing import Writer
from tests.probes.sources.source import CANARY as READERS_CANARY
from tests.probes.sources.tryton import TrytonServer
from tests.servers import Fault, Reply, Request, ScriptedServer
from tests.writing.fake_target import Mishap
from tests.writing.targets.target import CANARY, FIELDS

WRITES = ("create", "write", "delete", "cancel")
CURRENCIES = {"EUR": 1, "USD": 2}


_WITHOUT_EFFECT: Mapping[Mishap, Reply] = {
    Mishap.UNHEARD: Reply(fault=Fault.DROPPED),
    Mishap.BUSY: Reply({}, status=429),
    Mishap.REFUSED: Reply({"id": 1, "error": ["UserError", ["not like this", CANARY, None]]}),
}


class RefusedError(Exception):
    """What Tryton answers as an error, by name."""


@dataclass
class WrittenTryton(TrytonServer):
    """Rows with a stamp of their state each; `writers` are the sessions that may write."""

    writers: set[str] = field(default_factory=set)
    planned: list[Mishap] = field(default_factory=list)
    _stamps: Iterator[int] = field(default_factory=lambda: itertools.count(1767225600))

    def answer(self, request: Request) -> Reply:
        call = request.json
        *_, method = call["method"].split(".")
        session = request.headers.get("authorization", "").removeprefix("Session ")
        if method not in WRITES or session not in (*self.sessions, *self.writers):
            return super().answer(request)
        if session not in self.writers:
            return Reply({}, status=403)
        mishap = self.planned.pop(0) if self.planned else None
        if mishap is not None and mishap in _WITHOUT_EFFECT:
            return _WITHOUT_EFFECT[mishap]
        reply = self._called(method, call["params"], session)
        spoilt = {
            Mishap.LOST: Reply(fault=Fault.DROPPED),
            Mishap.CUT: Reply(reply.body, fault=Fault.CUT),
            Mishap.FAILED: Reply({}, status=503),
        }
        return reply if mishap is None else spoilt[mishap]

    def _called(self, method: str, params: list[Any], session: str) -> Reply:
        self.calls.append((method, params))
        try:
            result = getattr(self, method)(*params)
        except RefusedError as error:
            return Reply({"id": 1, "error": [str(error), session]})
        return Reply({"id": 1, "result": result, "token": session})

    def _log_in(self, user: str, secrets: Mapping[str, str]) -> Reply:
        if user != "writer":
            return super()._log_in(user, secrets)
        if secrets != {"password": CANARY}:
            return Reply({}, status=401)
        token = f"{CANARY}-session"
        session = base64.b64encode(f"writer:2:{token}".encode()).decode()
        self.writers.add(session)
        self.sessions.add(session)
        return Reply({"id": 0, "result": [2, token, None]})

    def create(self, values: list[dict[str, Any]], context: dict[str, Any]) -> list[int]:
        created = []
        for each in values:
            number = 1 + max((row["id"] for row in self.rows), default=0)
            self.rows.append({"id": number, **dict.fromkeys(("number", "deal")), **_untagged(each)})
            self._relate(self.rows[-1])
            self.stamp(self.rows[-1])
            created.append(number)
        return created

    def write(self, ids: list[int], values: dict[str, Any], context: dict[str, Any]) -> None:
        for row in self._unchanged(ids, context):
            row.update(_untagged(values))
            self._relate(row)
            self.stamp(row)

    def delete(self, ids: list[int], context: dict[str, Any]) -> None:
        for row in self._unchanged(ids, context):
            self.rows.remove(row)

    def cancel(self, ids: list[int], context: dict[str, Any]) -> None:
        self.write(ids, {"state": "cancelled"}, context)

    def search(self, domain: Any, offset: int, limit: int, order: Any, context: Any) -> list[int]:
        if order is None and domain and domain[0][0] == "code":
            return [CURRENCIES[domain[0][2]]] if domain[0][2] in CURRENCIES else []
        return super().search(domain, offset, limit, order, context)

    def search_read(
        self, domain: Any, offset: int, limit: int, order: Any, fields: list[str], context: Any
    ) -> list[Any]:
        rows = super().search_read(domain, offset, limit, order or [["id", "ASC"]], fields, context)
        return [_retagged(row) for row in rows]

    def stamp(self, row: dict[str, Any]) -> None:
        seconds = next(self._stamps)
        row["_timestamp"] = f"{seconds}.000001"
        row["write_date"] = datetime.fromtimestamp(seconds, UTC)

    def _unchanged(self, ids: Sequence[int], context: dict[str, Any]) -> list[dict[str, Any]]:
        found = [row for row in self.rows if row["id"] in ids]
        if len(found) != len(ids):
            raise RefusedError("AccessError")
        for row in found:
            wanted = context.get("_timestamp", {}).get(f"account.invoice,{row['id']}")
            if wanted not in (None, row["_timestamp"]):
                raise RefusedError("ConcurrencyException")
        return found

    def _relate(self, row: dict[str, Any]) -> None:
        codes = {number: code for code, number in CURRENCIES.items()}
        if isinstance(row.get("currency"), int):
            row["currency"] = {"id": row["currency"], "code": codes[row["currency"]]}


def _untagged(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _untag(value) for name, value in values.items()}


def _untag(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {name: part for name, part in value.items() if name != "__class__"}
    match value["__class__"]:
        case "Decimal":
            return Decimal(parts["decimal"])
        case "date":
            return date(**parts)
        case _:
            return datetime(**parts, tzinfo=UTC)


def _retagged(row: dict[str, Any]) -> dict[str, Any]:
    """Dates, which the server for reading does not know."""
    return {
        name: {"__class__": "date", "year": each.year, "month": each.month, "day": each.day}
        if isinstance(each, date) and not isinstance(each, datetime)
        else each
        for name, each in row.items()
    }


class TrytonTarget:
    """One model."""

    mishaps = frozenset(
        {Mishap.LOST, Mishap.CUT, Mishap.FAILED, Mishap.UNHEARD, Mishap.BUSY, Mishap.REFUSED}
    )

    def __init__(self) -> None:
        self.tryton = WrittenTryton()
        self._server = ScriptedServer({"/erp/rpc/": self.tryton.answer}).__enter__()
        native = {**{name: name for name in FIELDS}, "status": "state", "currency": "currency.code"}
        written = {**native, "currency": "currency"}
        self.settings: dict[str, Any] = {
            "probe": "tryton",
            "url": self._server.url,
            "database": "erp",
            "user": "admin",
            "password": READERS_CANARY,
            "write": {"user": "writer", "password": CANARY, "context": {"company": 1}},
            "streams": {
                "invoice": {
                    "model": "account.invoice",
                    "entity": "invoice",
                    "map": native,
                    "refers": {"deal": "deal"},
                    "cursor": {"field": "write_date"},
                    "deletes": {"kind": "sweep"},
                    "write": {
                        "fields": written,
                        "keys": {"deal": "deal"},
                        "relations": {"currency": {"model": "currency.currency", "by": "code"}},
                        "create": {"constants": {"type": "out"}},
                        "update": {},
                        "delete": {},
                        "buttons": {"status": {"cancelled": "cancel"}},
                    },
                }
            },
        }

    def put(self, native_id: str, deal: str, **fields: Value) -> None:
        native: dict[str, Any] = {"id": int(native_id), "deal": deal}
        for name, value in fields.items():
            native["state" if name == "status" else name] = value
        if isinstance(native.get("currency"), str):
            native["currency"] = CURRENCIES[native["currency"]]
        known = [row for row in self.tryton.rows if row["id"] == int(native_id)]
        row = known[0] if known else native
        row.update(native)
        self.tryton._relate(row)
        self.tryton.stamp(row)
        if not known:
            self.tryton.rows.append(row)

    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        return {str(row["id"]): dict(row) for row in self.tryton.rows}

    def misbehave(self, mishap: Mishap, writer: Writer) -> None:
        self.tryton.planned.append(mishap)

    def close(self) -> None:
        self._server.__exit__(None, None, None)


def tryton_model(request: pytest.FixtureRequest) -> TrytonTarget:
    return TrytonTarget()
