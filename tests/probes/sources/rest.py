"""A small JSON API with offset pages, a half-open filter by time, and the usual lookups."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.probes.sources.source import CANARY, Row
from tests.servers import Fault, Reply, Request, ScriptedServer


class RestSource:
    """Serves what was written last."""

    def __init__(self, folder: Path) -> None:
        self._items: list[Any] = []
        self._is_down = False
        self._server = ScriptedServer({"/projects": self._list}).__enter__()
        page = {"kind": "offset", "size_param": "limit", "size": 7}
        by_list = {"path": "/projects", "select": "items", "page": page}
        self.settings: dict[str, Any] = {
            "probe": "rest",
            "base_url": self._server.url,
            "auth": {"kind": "bearer", "token": CANARY},
            "streams": {
                "project": {
                    "entity": "project",
                    "id": "id",
                    "map": {"name": "name"},
                    "refers": {"deal": "deal"},
                    "cursor": {"field": "modified"},
                    "deletes": {"kind": "sweep"},
                    "read": {**by_list, "since_param": "since", "until_param": "until"},
                    "fetch": {"path": "/projects/{id}"},
                    "lookup": {"deal": {**by_list, "param": "deal", "batch": 3}},
                    "ids": {**by_list, "page": {**page, "total": "total"}},
                }
            },
        }

    def write(self, rows: Sequence[Row]) -> None:
        self._items = [
            {
                "id": int(row.id),
                "deal": row.deal,
                "name": row.name,
                "modified": row.modified_at.isoformat(),
            }
            for row in rows
        ]
        for item in self._items:
            self._server.scripts[f"/projects/{item['id']}"] = Reply(item)

    def spoil(self) -> None:
        self._items.append({"deal": "d", "name": "n", "modified": self._items[-1]["modified"]})

    def fail(self) -> None:
        self._is_down = True
        self._server.scripts = dict.fromkeys(
            (*self._server.scripts, "/"), Reply(fault=Fault.DROPPED)
        )

    def close(self) -> None:
        self._server.__exit__(None, None, None)

    def _list(self, request: Request) -> Reply:
        since, until = request.param("since"), request.param("until", "9999")
        deals = request.param("deal").split(",") if "deal" in request.query else None
        found = [
            item
            for item in self._items
            if item["modified"] >= since[:19]
            and item["modified"] < until
            and (deals is None or item["deal"].strip().upper() in deals)
        ]
        offset, limit = int(request.param("offset", "0")), int(request.param("limit", "7"))
        return Reply({"items": found[offset : offset + limit], "total": len(found)})
