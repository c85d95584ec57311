"""A system to write to that keeps a ledger of its effects and misbehaves on demand.

It is a JSON API with whatever collections one writes to: `GET /invoices` (filtered by any field,
`since`, `until`, `offset`, `limit`), `GET|PUT|PATCH|DELETE /invoices/7`, `POST /invoices`, and
`POST /flows/anything` for a flow that is started. It knows ETags (`If-Match`, 412) and
`Idempotency-Key` (a repeated POST has the first one's answer and no effect) unless told not to.
The ledger holds each effect once it has happened, whatever became of the reply.

In a test's own process:

    with FakeTarget() as target:
        target.put("invoices", {"id": "7", "deal": "OPP-1", "total": "800.00"})
        target.misbehave(Mishap.LOST, "create")  # the next create happens, its reply is lost
        ...                                       # write through `target.system(...)`
        assert doubled(target.ledger) == []

As a process of its own, which prints its address as the first line and lives until stdin closes
or SIGTERM comes (`--seed` and `--share` misbehave at random):

    python -m tests.writing.fake_target --seed 7 --share 0.3 --ledger effects.jsonl

    GET  /-/ledger                                        the effects so far, `Effect` by `Effect`
    POST /-/records   {"collection": "invoices", "row": {"id": "7", "deal": "OPP-1"}}
    POST /-/mishaps   {"mishap": "lost", "on": "create", "times": 1, "seconds": 0.05}

A landscape describes it so (`system` gives the same as settings; both tokens are secrets):

    systems:
      billing:
        probe: rest
        base_url: "${env:TARGET_URL}"
        auth: {kind: bearer, token: "${env:READ_TOKEN}"}      # `reader-token`, may only read
        write:
          auth: {kind: bearer, token: "${env:WRITE_TOKEN}"}   # `writer-token`
        streams:
          invoice:
            entity: invoice
            id: id
            map: {number: number, status: state, amount: total, currency: currency, issued_on: day}
            refers: {deal: deal}
            cursor: {field: modified}
            deletes: {kind: sweep}
            read: {path: /invoices, select: items, since_param: since}
            fetch: {path: "/invoices/{id}"}
            lookup: {deal: {path: /invoices, select: items, param: deal}}
            ids: {path: /invoices, select: items}
            write:
              fields: {number: number, status: state, amount: total, currency: currency,
                       issued_on: day}
              keys: {deal: deal}
              create: {path: /invoices, id: id, idempotency: {header: Idempotency-Key}}
              update: {path: "/invoices/{id}", precondition: {kind: etag}}
              delete: {path: "/invoices/{id}", precondition: {kind: etag}}
              triggers:
                bill: {path: /flows/bill, body: {deal: "{deal}"},
                       idempotency: {header: Idempotency-Key}}
"""

import argparse
import json
import os
import random
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from threading import RLock, Thread
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from monitor.core.clock import Clock, system_clock
from tests.servers import Reply, Request, ScriptedServer
from tests.writing.billing import READER, WRITER, billing_system
from tests.writing.ledger import WITHOUT_EFFECT, Effect, Mishap, Row, doubled, spoilt

__all__ = ["READER", "WRITER", "Effect", "FakeTarget", "Mishap", "doubled"]

_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_OPERATIONS: Final = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_NO_FILTERS: Final = frozenset({"since", "until", "offset", "limit"})
_SECONDS: Final = len("2026-01-02T12:00:00")


@dataclass
class _Planned:
    mishap: Mishap
    on: str
    times: int
    seconds: float


@dataclass
class FakeTarget:
    """See the module. Every setting may be changed while it runs.

    Attributes:
        etags: answers name their state, and `If-Match` is heeded.
        keyed: `Idempotency-Key` is heeded.
        chance: picks mishaps at random; None: only those that are asked for.
        share: of writes, how many a random mishap meets.
        seconds: how late a late answer is.
        writer: the token that may write.
        ledger_file: effects are appended to it as JSON lines before they are answered.
    """

    etags: bool = True
    keyed: bool = True
    chance: random.Random | None = None
    share: float = 0.0
    seconds: float = 0.05
    writer: str = field(default=WRITER, repr=False)
    ledger_file: Path | None = None
    port: int = 0
    clock: Clock = system_clock
    ledger: list[Effect] = field(default_factory=list)
    collections: dict[str, dict[str, Row]] = field(default_factory=dict)
    _planned: list[_Planned] = field(default_factory=list)
    _answered: dict[str, tuple[bytes, Reply]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self._server = ScriptedServer({}, self._answer, self.port)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        """Address of the API."""
        return self._server.url

    @property
    def requests(self) -> Sequence[Request]:
        """Everything that arrived."""
        return self._server.requests

    def system(self, **changed: Any) -> dict[str, Any]:
        """The system as a landscape describes it, with secrets as they are."""
        return {**billing_system(self.url), **changed}

    def put(self, collection: str, row: Row) -> None:
        """Write a row as somebody else would: no effect of ours, so not in the ledger."""
        with self._lock:
            rows = self.collections.setdefault(collection, {})
            old = rows.get(str(row["id"]), {})
            rows[str(row["id"])] = self._stamped({**old, **row}, old)

    def rows(self, collection: str) -> list[Row]:
        """What a collection holds."""
        with self._lock:
            return [dict(row) for row in self.collections.get(collection, {}).values()]

    def forget_keys(self) -> None:
        """Know no idempotency key any more, as after a day."""
        with self._lock:
            self._answered.clear()

    def misbehave(
        self, mishap: Mishap, on: str = "", times: int = 1, seconds: float | None = None
    ) -> None:
        """Plan a mishap for the next writes.

        Args:
            mishap: what goes wrong.
            on: create, update, delete or trigger; empty for whatever comes first.
            times: how often.
            seconds: how late a late answer is; None: as usual.
        """
        with self._lock:
            late = self.seconds if seconds is None else seconds
            self._planned.append(_Planned(mishap, on, times, late))

    # --- answering ---------------------------------------------------------------------------

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith("/-/"):
            return self._control(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in (READER, self.writer):
            return Reply({"error": "who are you?"}, status=401)
        if request.method == "GET":
            with self._lock:
                return self._read(request)
        if token != self.writer:
            return Reply({"error": "you may only read"}, status=403)
        return self._write(request)

    def _control(self, request: Request) -> Reply:
        with self._lock:
            match request.path, request.method:
                case "/-/ledger", "GET":
                    return _encoded([asdict(effect) for effect in self.ledger])
                case "/-/records", "POST":
                    self.put(**_decoded(request.body))
                    return Reply({})
                case "/-/mishaps", "POST":
                    wanted = _decoded(request.body)
                    seconds = wanted.pop("seconds", None)
                    mishap = Mishap(wanted.pop("mishap"))
                    self.misbehave(mishap, seconds=None if seconds is None else float(seconds),
                                   **wanted)  # fmt: skip
                    return Reply({})
        return Reply({"error": "no such path"}, status=404)

    def _write(self, request: Request) -> Reply:
        with self._lock:
            planned = self._next_mishap(_operation_of(request))
        if planned is None:
            return self._do(request)
        mishap = planned.mishap
        if mishap in WITHOUT_EFFECT:
            return WITHOUT_EFFECT[mishap]
        if mishap is Mishap.LATE:
            time.sleep(planned.seconds)
        reply = self._do(request)
        if mishap is Mishap.REPEATED:
            self._do(request)
        if mishap is Mishap.DELAYED:
            time.sleep(planned.seconds)
        return spoilt(reply, mishap)

    def _next_mishap(self, operation: str) -> _Planned | None:
        for planned in self._planned:
            if planned.on in ("", operation):
                planned.times -= 1
                if not planned.times:
                    self._planned.remove(planned)
                return planned
        if self.chance is not None and self.chance.random() < self.share:
            return _Planned(self.chance.choice(list(Mishap)), "", 1, self.seconds)
        return None

    def _do(self, request: Request) -> Reply:
        with self._lock:
            key = request.headers.get("idempotency-key", "")
            if not (self.keyed and key):
                return self._carry_out(request)
            known = self._answered.get(key)
            if known is None:
                reply = self._carry_out(request)
                self._answered[key] = (request.body, reply)
                return reply
            body, reply = known
            changed = Reply({"error": "this key had another body"}, status=422)
            return reply if body == request.body else changed

    def _carry_out(self, request: Request) -> Reply:
        collection, _, native_id = request.path.strip("/").partition("/")
        if collection == "flows":
            self._note("trigger", request.path, request, None, _decoded(request.body))
            return _encoded({"run": f"run-{len(self.ledger)}"}, status=202)
        rows = self.collections.setdefault(collection, {})
        if request.method == "POST":
            return self._create(collection, rows, request)
        old = rows.get(native_id)
        if old is None:
            return Reply({"error": "no such record"}, status=404)
        wanted = request.headers.get("if-match")
        if self.etags and wanted not in (None, _etag(old)):
            return Reply({"error": "changed by somebody else"}, status=412)
        if request.method == "DELETE":
            del rows[native_id]
            self._note("delete", f"{collection}/{native_id}", request, old, None)
            return Reply(status=204)
        body = _decoded(request.body)
        new = {"id": native_id, **body} if request.method == "PUT" else _merged(old, body)
        rows[native_id] = self._stamped(new, old)
        self._note("update", f"{collection}/{native_id}", request, old, rows[native_id])
        return self._shown(rows[native_id])

    def _create(self, collection: str, rows: dict[str, Row], request: Request) -> Reply:
        native_id = str(1 + max((int(each) for each in rows if each.isdecimal()), default=1000))
        rows[native_id] = self._stamped({"id": native_id, **_decoded(request.body)}, {})
        self._note("create", f"{collection}/{native_id}", request, None, rows[native_id])
        location = {"Location": f"{self.url}/{collection}/{native_id}"}
        return self._shown(rows[native_id], 201, location)

    def _stamped(self, row: Row, old: Mapping[str, Any]) -> Row:
        return {
            **row,
            "id": str(row["id"]),
            "version": old.get("version", 0) + 1,
            "modified": self.clock().isoformat(),
        }

    def _note(
        self, operation: str, place: str, request: Request, before: Row | None, after: Row | None
    ) -> None:
        key = request.headers.get("idempotency-key", "")
        effect = Effect(len(self.ledger) + 1, operation, place, key, before, after)
        self.ledger.append(effect)
        if self.ledger_file is not None:
            with self.ledger_file.open("ab") as file:
                file.write(_JSON.encode(asdict(effect)) + b"\n")

    def _read(self, request: Request) -> Reply:
        collection, _, native_id = request.path.strip("/").partition("/")
        rows = self.collections.get(collection, {})
        if native_id:
            row = rows.get(native_id)
            return self._shown(row) if row else Reply({"error": "no such record"}, status=404)
        filters = {name: each for name, each in request.query.items() if name not in _NO_FILTERS}
        found = [
            row
            for row in rows.values()
            if all(str(row.get(name)) in wanted for name, wanted in filters.items())
            and row["modified"][:_SECONDS] >= request.param("since")[:_SECONDS]
        ]
        offset, limit = int(request.param("offset", "0")), int(request.param("limit", "100000"))
        return _encoded({"items": found[offset : offset + limit], "total": len(found)})

    def _shown(
        self, row: Row, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Reply:
        etag = {"ETag": _etag(row)} if self.etags else {}
        return _encoded(row, status, {**etag, **(headers or {})})


def _operation_of(request: Request) -> str:
    is_flow = request.path.startswith("/flows/")
    return "trigger" if is_flow else _OPERATIONS[request.method]


def _etag(row: Mapping[str, Any]) -> str:
    return f'"{row["version"]}"'


def _merged(old: Mapping[str, Any], change: Mapping[str, Any]) -> Row:
    """A JSON merge patch (RFC 7396), in which null stays null."""
    merged = dict(old)
    for name, value in change.items():
        inner = merged.get(name)
        is_nested = isinstance(value, dict) and isinstance(inner, dict)
        merged[name] = _merged(inner, value) if is_nested else value  # type: ignore[arg-type]  # `is_nested` says so
    return merged


def _decoded(body: bytes) -> Any:
    return json.loads(body or b"{}", parse_float=Decimal)


def _encoded(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(_JSON.encode(document), status, headers or {})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fake_target", description="A system to write to.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--share", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("--without", choices=("etags", "keys"), action="append", default=[])
    return parser.parse_args()


def _serve() -> None:
    options = _options()
    target = FakeTarget(
        etags="etags" not in options.without,
        keyed="keys" not in options.without,
        chance=None if options.seed is None else random.Random(options.seed),
        share=options.share,
        seconds=options.seconds,
        ledger_file=options.ledger,
        port=options.port,
    )
    with target:
        print(target.url, flush=True)  # noqa: T201 - the first line is the address
        Thread(target=_until_stdin_closes, daemon=True).start()
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


def _until_stdin_closes() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)  # to the process, not to this thread


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    _serve()
