"""JSON APIs: one that compares ETags and knows idempotency keys, one that does neither."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest

from monitor.core.model import Value
from monitor.core.writing import Writer
from tests.servers import Reply, Request
from tests.writing.fake_target import FakeTarget, Mishap
from tests.writing.targets.target import CANARY

NATIVE = {
    "number": "number",
    "status": "state",
    "amount": "money.total",
    "currency": "money.currency",
    "issued_on": "day",
    "issued_at": "at",
}
"""Where each field stands in the system's rows."""


class RestTarget:
    """A fake target as the contract wants it, with our canary for a password."""

    mishaps = frozenset(Mishap) - {Mishap.REPEATED}

    def __init__(self, server: FakeTarget, **changed: Any) -> None:
        self.server = server.__enter__()
        self.settings = self.server.system()
        self.settings["write"] = {"auth": {"kind": "bearer", "token": CANARY}}
        invoice = self.settings["streams"]["invoice"]
        invoice["map"] = NATIVE
        one = {"path": "/invoices/{id}", "precondition": changed.pop("precondition")}
        invoice["write"] |= {"fields": NATIVE, "update": one | changed, "delete": one}

    def put(self, native_id: str, deal: str, **fields: Value) -> None:
        row: dict[str, Any] = {"id": native_id, "deal": deal}
        for name, value in fields.items():
            above, _, last = NATIVE[name].rpartition(".")
            node = row.setdefault(above, {}) if above else row
            is_stamp = isinstance(value, date | datetime)
            node[last] = value.isoformat() if is_stamp else value  # type: ignore[union-attr]  # `is_stamp` says so
        self.server.put("invoices", row)

    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        return {row["id"]: row for row in self.server.rows("invoices")}

    def misbehave(self, mishap: Mishap, writer: Writer) -> None:
        self.server.misbehave(mishap)

    def close(self) -> None:
        self.server.__exit__(None, None, None)


class _Echoing(FakeTarget):
    """Repeats in its answers and errors what it was sent, secrets and all."""

    def _write(self, request: Request) -> Reply:
        reply = super()._write(request)
        headers = {**reply.headers, "X-Request-Id": request.headers["authorization"]}
        return Reply(reply.body, reply.status, headers, reply.fault)


def rest_with_etags(request: pytest.FixtureRequest) -> RestTarget:
    return RestTarget(_Echoing(writer=CANARY), precondition={"kind": "etag"})


def rest_versions(request: pytest.FixtureRequest) -> RestTarget:
    """Takes the whole record back, with the version that it showed."""
    precondition = {"kind": "version", "field": "version", "in": "header", "name": "If-Version"}
    return RestTarget(
        _Versioned(etags=False, writer=CANARY),
        precondition=precondition,
        method="PUT",
        sends="whole",
    )


class _Versioned(_Echoing):
    """Compares a header with a record's version, under another name than HTTP's own."""

    def _carry_out(self, request: Request) -> Reply:
        wanted = request.headers.get("if-version")
        collection, _, native_id = request.path.strip("/").partition("/")
        row = self.collections.get(collection, {}).get(native_id)
        if wanted is not None and row is not None and wanted != str(row["version"]):
            return Reply({"error": "changed by somebody else"}, status=409)
        return super()._carry_out(request)


def rest_plain(request: pytest.FixtureRequest) -> RestTarget:
    """Compares nothing and knows no keys."""
    target = RestTarget(
        _Echoing(etags=False, keyed=False, writer=CANARY), precondition={"kind": "none"}
    )
    del target.settings["streams"]["invoice"]["write"]["create"]["idempotency"]
    return target
