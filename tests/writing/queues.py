"""The part of RabbitMQ's management API that replaying needs: exchanges, queues, confirms."""

import base64
import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.servers import Fault, Reply, Request, ScriptedServer
from tests.writing.targets.target import CANARY

DEAD = "projects.create.dead"
WORK = "projects.create"
AUDIT = "deals.audit"

Message = dict[str, Any]


@dataclass
class Broker:
    """Queues by name, and bindings of exchanges; `before` is asked before each call is answered.

    Attributes:
        queues: messages as the API shows them.
        bindings: by exchange and routing key, the queues that get a message.
        before: may answer instead, or do what somebody else does at that moment.
        after: may spoil an answer once its effect has happened.
    """

    queues: dict[str, list[Message]] = field(
        default_factory=lambda: {DEAD: [], WORK: [], AUDIT: []}
    )
    bindings: dict[tuple[str, str], list[str]] = field(
        default_factory=lambda: {("deals", "project.create"): [WORK, AUDIT]}
    )
    calls: list[str] = field(default_factory=list)
    before: Callable[[str], Reply | None] = lambda call: None
    after: Callable[[str, Reply], Reply] = lambda call, reply: reply

    def __post_init__(self) -> None:
        self.server = ScriptedServer({}, self._answer)

    def settings(self, **replay: Any) -> dict[str, Any]:
        """The broker as a landscape describes it."""
        return {
            "probe": "rabbitmq",
            "url": self.server.url,
            "user": "reader",
            "password": "reader-password",
            "write": {"user": "writer", "password": CANARY},
            "streams": {
                "dead_letter": {
                    "kind": "dead_letter",
                    "queue": DEAD,
                    "entity": "message",
                    "map": {"number": "message_id", "queue": "death.queue"},
                    "refers": {"deal": "correlation_id"},
                    "write": {"replay": replay},
                }
            },
        }

    def _answer(self, request: Request) -> Reply:
        login = request.headers.get("authorization", "").removeprefix("Basic ")
        user = base64.b64decode(login).decode()
        path = [unquote(part) for part in request.target.removeprefix("/api/").split("/")]
        if user not in (f"writer:{CANARY}", "reader:reader-password"):
            return Reply({"error": "not_authorised"}, status=401)
        call = _name_of(path, request)
        if call is None or (path[0] == "queues" and path[2] not in self.queues):
            return Reply({"error": "Object Not Found"}, status=404)
        if user.startswith("reader") and not call.startswith(("count", "requeue_true")):
            return Reply({"error": "not_authorised"}, status=401)
        instead = self.before(call)
        if instead is not None:
            return instead
        self.calls.append(call)
        return self.after(call, Reply(self._act(path, request)))

    def _act(self, path: list[str], request: Request) -> Any:
        if path[0] == "exchanges":
            return self._publish(path[2], request.json)
        if request.method == "POST":
            return self._get(path[2], request.json)
        return {"messages": len(self.queues[path[2]])}

    def _publish(self, exchange: str, body: Mapping[str, Any]) -> Any:
        name, key = ("" if exchange == "amq.default" else exchange), body["routing_key"]
        queues = [key] if not name and key in self.queues else self.bindings.get((name, key), [])
        for queue in queues:
            message = {**copy.deepcopy(dict(body)), "exchange": name}
            self.queues[queue].append(message)
        return {"routed": bool(queues)}

    def _get(self, queue: str, body: Mapping[str, Any]) -> Any:
        taken = self.queues[queue][: body["count"]]
        if body["ackmode"] == "ack_requeue_false":
            del self.queues[queue][: len(taken)]
        left = len(self.queues[queue])
        return [{**each, "redelivered": True, "message_count": left} for each in taken]


def _name_of(path: list[str], request: Request) -> str | None:
    """What a call does, in words that tests can ask for; None of one that is not known."""
    match path, request.method:
        case ["exchanges", "/", exchange, "publish"], "POST":
            return f"publish {exchange}"
        case ["queues", "/", queue, "get"], "POST":
            return f"{request.json['ackmode'].removeprefix('ack_')} {queue}"
        case ["queues", "/", queue], "GET":
            return f"count {queue}"
    return None


DROPPED = Reply(fault=Fault.DROPPED)


def dead_letter(number: int, **properties: Any) -> Message:
    """A message that was rejected in the work queue."""
    death = {
        "queue": WORK,
        "reason": "rejected",
        "count": 1,
        "exchange": "deals",
        "routing-keys": ["project.create"],
        "time": 1767225600 + number,
    }
    known = {
        "message_id": f"m-{number}",
        "correlation_id": f"OPP-{number}",
        "timestamp": 1767225600,
        "type": "project.create",
        "delivery_mode": 2,
        "headers": {"x-death": [death], "tenant": "ünï", "attempt": 3, "share": 1.5},
    }
    return {
        "exchange": "deals.dead",
        "routing_key": "project.create",
        "properties": known | properties,
        "payload": f'{{"deal": "OPP-{number}", "name": "ü"}}',
        "payload_encoding": "string",
    }
