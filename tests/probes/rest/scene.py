"""Probes of any JSON API from YAML alone, on a server that answers as it is told."""

from datetime import timedelta
from typing import Any

from monitor.core.entities import ENTITIES
from monitor.core.model import Record, Window
from monitor.core.plugins import ProbeContext
from probes.rest import RestProbe, RestSystem, build
from tests.probes.clocks import NOON, FakeTime
from tests.servers import Reply, Request, ScriptedServer

EVERYTHING = Window(None, NOON + timedelta(days=1))
STREAM: dict[str, Any] = {
    "entity": "project",
    "id": "id",
    "map": {"name": "name", "amount": "amount"},
    "refers": {"deal": "deal"},
    "read": {"path": "/rows", "select": "items"},
}


class Probes:
    """Opens probes on one server, and closes them in the end."""

    def __init__(self, server: ScriptedServer) -> None:
        self.time = FakeTime()
        self._server = server
        self._opened: list[RestProbe] = []

    def open(self, stream: dict[str, Any] | None = None, **system: Any) -> RestProbe:
        described = {
            "probe": "rest",
            "base_url": self._server.url,
            "streams": {"project": {**STREAM, **(stream or {})}},
            **system,
        }
        context = ProbeContext("psa", ENTITIES, self.time.clock, self.time.sleep)
        self._opened.append(build(RestSystem.model_validate(described), context))
        return self._opened[-1]

    def close(self) -> None:
        for probe in self._opened:
            probe.close()


def read(probe: RestProbe, window: Window = EVERYTHING) -> list[Record]:
    return [record for page in probe.changes("project", window) for record in page.records]


def item(number: int, **others: Any) -> dict[str, Any]:
    stamp = (NOON + timedelta(seconds=number)).isoformat()
    return {"id": number, "name": f"P{number}", "deal": f"opp-{number}", "at": stamp, **others}


def described(stream: dict[str, Any]) -> RestSystem:
    return RestSystem.model_validate(
        {"probe": "rest", "base_url": "http://h", "streams": {"project": {**STREAM, **stream}}}
    )


def serve_pages(size: int, count: int) -> Any:
    def serve(request: Request) -> Reply:
        start = int(request.param("cursor", "0"))
        following = start + size if start + size < count else None
        page = [item(number) for number in range(start, min(start + size, count))]
        return Reply({"items": page, "next": following})

    return serve


CURSOR_PAGES = {
    **STREAM["read"],
    "page": {"kind": "cursor", "next": "next"},
    "since_param": "since",
}
