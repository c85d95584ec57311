"""The part of RabbitMQ's management API that reading needs, with messages in memory."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.probes.sources.source import CANARY, Row
from tests.servers import Fault, Reply, Request, ScriptedServer


class RabbitSource:
    """Holds what was written last, in the order of arrival."""

    def __init__(self, folder: Path) -> None:
        self.messages: list[dict[str, Any]] = []
        self.held = 0
        queue = "/api/queues/%2F/deals.dead"
        self.server = ScriptedServer({queue: self._count, f"{queue}/get": self._get}).__enter__()
        self.settings: dict[str, Any] = {
            "probe": "rabbitmq",
            "url": self.server.url,
            "user": "tieout",
            "password": CANARY,
            "streams": {
                "project": {
                    "kind": "dead_letter",
                    "queue": "deals.dead",
                    "entity": "project",
                    "map": {"name": "payload.name"},
                    "refers": {"deal": "correlation_id"},
                }
            },
        }

    def write(self, rows: Sequence[Row]) -> None:
        self.messages = [
            message({"name": row.name}, message_id=row.id, correlation_id=row.deal) for row in rows
        ]

    def spoil(self) -> None:
        self.messages.append(message({"name": ["no", "name"]}, message_id="99"))

    def fail(self) -> None:
        self.server.scripts = dict.fromkeys((*self.server.scripts, "/"), Reply(fault=Fault.DROPPED))

    def close(self) -> None:
        self.server.__exit__(None, None, None)

    def _count(self, request: Request) -> Reply:
        return Reply({"name": "deals.dead", "messages": len(self.messages) + self.held})

    def _get(self, request: Request) -> Reply:
        login = base64.b64encode(f"tieout:{CANARY}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {login}":
            return Reply({"error": "not_authorised"}, status=401)
        assert request.json["ackmode"] == "ack_requeue_true"
        return Reply(self.messages[: request.json["count"]])


def message(payload: object, headers: object = None, **properties: Any) -> dict[str, Any]:
    """A message as the API shows it."""
    return {
        "payload": payload if isinstance(payload, str) else json.dumps(payload),
        "payload_encoding": "string",
        "properties": {**properties, "headers": headers or {}},
        "exchange": "deals",
        "routing_key": "project.create",
        "redelivered": True,
        "message_count": 0,
    }
