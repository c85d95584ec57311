"""A JSON API with one invoice, and writers for it as a test declares them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from monitor.core.writing import Receipt, Write, Writer
from tests.servers import Reply, Request, Script, ScriptedServer
from tests.writing.targets.target import (
    CANARY,
)

ROW: Mapping[str, Any] = {
    "id": 7,
    "deal": "OPP-7",
    "number": "INV-7",
    "state": "O",
    "billing": {"total": "800.00", "payer": "Acme"},
    "version": 3,
    "lines": [{"sku": "A-1"}],
}
JSON = {"Content-Type": "application/json"}


OpenWriter = Callable[[dict[str, Any]], Writer]
"""The writer beside the probe that the settings of a system describe."""


@dataclass
class Api:
    """A server with one invoice, and writers for it."""

    server: ScriptedServer
    open: OpenWriter

    def system(self, write: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """The system as a landscape describes it, written as given."""
        stream = {
            "entity": "invoice",
            "id": "id",
            "map": {
                "number": "number",
                "status": {"from": "state", "values": {"O": "open", "N": "open", "P": "paid"}},
                "amount": "billing.total",
            },
            "refers": {"deal": "deal"},
            "read": {"path": "/invoices", "select": "items"},
            "fetch": {"path": "/invoices/{id}"},
            "lookup": {"deal": {"path": "/invoices", "select": "items", "param": "deal"}},
            "write": write,
        }
        return {
            "probe": "rest",
            "base_url": self.server.url,
            "write": {"auth": {"kind": "bearer", "token": CANARY}},
            "retry": {"tries": 1},
            "streams": {"invoice": stream},
            **changed,
        }

    def writer(self, **write: Any) -> Writer:
        """A writer that may do this."""
        return self.open(self.system(write))

    def answers(self, reply: Reply, method: str = "PATCH") -> list[Request]:
        """Let a write be answered so; what is written is kept."""
        kept: list[Request] = []

        def answer(request: Request) -> Reply:
            if request.method != method:
                return Reply(dict(ROW), headers={"ETag": 'W/"3"'})
            kept.append(request)
            return reply

        self.server.scripts["/invoices/7"] = answer
        return kept

    def creates(self, reply: Reply) -> None:
        """Let a creation be answered so; there is nothing yet."""
        nothing: Mapping[str, Any] = {"items": []}
        self.server.scripts["/invoices"] = lambda request: (
            reply if request.method == "POST" else Reply(nothing)
        )


@contextmanager
def serving(open_writer: OpenWriter) -> Iterator[Api]:
    nothing: Mapping[str, Any] = {"items": []}
    scripts: Mapping[str, Script] = {"/invoices/7": Reply(dict(ROW)), "/invoices": Reply(nothing)}
    with ScriptedServer(scripts) as server:
        yield Api(server, open_writer)


def apply(writer: Writer, write: Write) -> Receipt:
    return writer.apply(write, writer.observe(write), "key-1")


PATCH = {"path": "/invoices/{id}"}
FIELDS = {"number": "number", "amount": "billing.total"}
CREATE = {"path": "/invoices", "id": "id"}
