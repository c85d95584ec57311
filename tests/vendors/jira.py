"""Jira's enhanced search: JQL to the minute, pages by token without a total, issues by key."""

import base64
import re
from datetime import UTC, datetime
from typing import Any

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_SEARCH = re.compile(r"/rest/api/[23]/search/jql")
_ISSUE = re.compile(r"/rest/api/3/issue/([^/]+)")
_UPDATED = re.compile(r'updated (>=|<=) "([^"]+)"')
_NO_ORDER = datetime(1970, 1, 1, tzinfo=UTC)
_SEARCHED = ("project", "issuetype", "created", "updated", "id", "key")


class Jira(Vendor):
    """One site with change orders."""

    stream = "change_order"
    money = "customfield_10100"
    issues_tokens = False
    throttle = Reply({"errorMessages": ["Rate limit exceeded."]}, status=429)

    @property
    def system(self) -> dict[str, Any]:
        own = {"amount": "fields.customfield_10100", "region": "fields.customfield_10101.value"}
        return {
            "use": "jira",
            "base_url": self.server.url,
            "auth": {"username": "tieout@firm.example", "password": CANARY},
            "streams": {"change_order": {"map": own}},
        }

    def native_id(self, number: int) -> str:
        return str(10_000 + number)

    def is_known(self, request: Request) -> bool:
        encoded = base64.b64encode(f"tieout@firm.example:{CANARY}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {encoded}"

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at:%Y-%m-%dT%H:%M:%S.000+0000}"
        return {
            "summary": row.name,
            "assignee": {"displayName": "Ada"},
            "status": {"name": "Done"},
            "created": stamp,
            "updated": stamp,
            "resolutiondate": stamp,
            "customfield_10000": f"0065g{row.number}",
            "customfield_10100": float(row.amount),
            "customfield_10101": {"value": row.custom},
        }

    def answer(self, request: Request) -> Reply:
        if request.path.endswith("/serverInfo"):
            return Reply({"deploymentType": "Cloud", "versionNumbers": [1001, 0, 0]})
        if request.path.endswith("/field"):
            return Reply([])
        if issue := _ISSUE.fullmatch(request.path):
            columns = request.param("fields").split(",")
            wanted = issue[1]
            for row in self.rows.values():
                if wanted in (self.native_id(int(row.id)), row.number):
                    return Reply(self._shown(row, columns))
            return Reply({"errorMessages": ["Issue does not exist"]}, status=404)
        if not _SEARCH.fullmatch(request.path):
            return Reply({"errorMessages": ["No such path"]}, status=404)
        return self._search(request.json if request.body else _asked(request))

    def _search(self, asked: dict[str, Any]) -> Reply:
        condition, _, order = asked["jql"].partition(" ORDER BY ")
        if not any(re.search(rf"\b{each}\b", condition) for each in _SEARCHED):
            return Reply({"errorMessages": ["Unbounded JQL queries are not allowed here."]}, 400)
        found = [row for row in self.rows.values() if _fits(row, condition)]
        found.sort(key=lambda row: (row.modified_at if order else _NO_ORDER, int(row.id)))
        start = int(asked.get("nextPageToken") or "0")
        end = start + min(int(asked.get("maxResults") or 50), self.page)
        shown = [self._shown(row, asked.get("fields") or []) for row in found[start:end]]
        body: dict[str, Any] = {"issues": shown, "isLast": end >= len(found)}
        return Reply(body if end >= len(found) else {**body, "nextPageToken": str(end)})

    def _shown(self, row: Row, columns: list[str]) -> dict[str, Any]:
        values = self.sent(row)
        fields = values if "*all" in columns else {n: values[n] for n in columns if n in values}
        return {"id": self.native_id(int(row.id)), "key": row.number, "fields": fields}


def _asked(request: Request) -> dict[str, Any]:
    asked = {name: values[-1] for name, values in request.query.items()}
    return {**asked, "fields": list(request.query.get("fields", []))}


def _fits(row: Row, condition: str) -> bool:
    for sign, text in _UPDATED.findall(condition):
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        is_in = row.modified_at >= moment if sign == ">=" else row.modified_at <= moment
        if not is_in:
            return False
    return True
