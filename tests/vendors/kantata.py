"""Kantata's lists: numbered pages of ids in order, and the rows beside them by id."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_LIST = "/api/v1/workspaces.json"
_ZONE = ZoneInfo("America/Los_Angeles")


class Kantata(Vendor):
    """One account with projects."""

    stream = "project"
    money = "price_in_cents"
    issues_tokens = False
    throttle = Reply({"errors": [{"type": "system", "message": "Too many requests"}]}, status=429)

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "kantata",
            "base_url": self.server.url,
            "auth": {"token": CANARY},
            "streams": {"project": {"map": {"region": "office_region"}}},
        }

    def is_known(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {CANARY}"

    def refusal(self) -> Reply:
        return Reply({"errors": [{"type": "oauth", "message": "Invalid token"}]}, status=401)

    def native(self, row: Row) -> dict[str, Any]:
        # Stamps come in the user's time zone.
        stamp = row.modified_at.astimezone(_ZONE).isoformat()
        return {
            "id": row.id,
            "title": row.name,
            "price_in_cents": int(row.amount * 100),
            "currency": "EUR",
            "status": {"color": "green", "key": 310, "message": "In Progress"},
            "start_date": "2026-03-02",
            "due_date": "2026-09-30",
            "archived": False,
            "created_at": stamp,
            "updated_at": stamp,
            "office_region": row.custom,
        }

    def answer(self, request: Request) -> Reply:
        if request.path != _LIST or not 1 <= int(request.param("per_page", "20")) <= 200:
            return Reply({"errors": [{"type": "system", "message": "Not found"}]}, status=404)
        rows = [(row.modified_at, row) for row in self.rows.values()]
        if after := request.param("updated_after"):
            rows = [each for each in rows if each[0] >= datetime.fromisoformat(after)]
        if only := request.param("only"):
            rows = [each for each in rows if each[1].id in only.split(",")]
        rows.sort(key=lambda each: each[0])
        size = min(int(request.param("per_page", "20")), self.page)
        start = size * (int(request.param("page", "1")) - 1)
        shown = [row for _, row in rows[start : start + size]]
        return Reply({
            "count": len(rows),
            "meta": {
                "count": len(rows),
                "page_count": -(-len(rows) // size),
                "page_number": start // size + 1,
                "page_size": size,
            },
            "results": [{"key": "workspaces", "id": each.id} for each in shown],
            "workspaces": {each.id: self.sent(each) for each in shown},
        })  # fmt: skip
