"""Boomi's platform API: runs by nested expressions, further pages by a token as the whole body."""

import base64
from datetime import datetime
from typing import Any

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_ROOT = "/api/rest/v1/acme/ExecutionRecord"


class Boomi(Vendor):
    """One account with runs of a process."""

    stream = "execution"
    money = "executionTime"
    issues_tokens = False
    throttle = Reply({"@type": "Error", "message": "Too many requests"}, status=503)
    exempt = {
        "test_a_deleted_row_is_seen_to_be_gone": "no run is deleted before its time is over",
    }

    def __init__(self) -> None:
        super().__init__()
        self._rest: dict[str, list[dict[str, Any]]] = {}

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "boomi",
            "values": {"account": "acme"},
            "base_url": self.server.url,
            "auth": {"username": "BOOMI_TOKEN.tieout@firm.example", "password": CANARY},
            "streams": {"execution": {"map": {"region": "environment"}}},
        }

    def native_id(self, number: int) -> str:
        return f"execution-{number:08}-2026.03.02"

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at:%Y-%m-%dT%H:%M:%SZ}"
        return {
            "@type": "ExecutionRecord",
            "executionId": self.native_id(int(row.id)),
            "account": "acme",
            "executionTime": stamp,
            "recordedDate": stamp,
            "status": "ERROR",
            "executionType": "exec_listener",
            "processName": row.name,
            "processId": "p-1",
            "atomName": "Production",
            "atomId": "a-1",
            "message": row.number,
            "environment": row.custom,
        }

    def expected(self, row: Row) -> dict[str, Any]:
        return {"flow": row.name, "status": "dead", "error": row.number, "region": row.custom}

    def is_known(self, request: Request) -> bool:
        pair = f"BOOMI_TOKEN.tieout@firm.example:{CANARY}"
        encoded = base64.b64encode(pair.encode()).decode()
        return request.headers.get("authorization") == f"Basic {encoded}"

    def answer(self, request: Request) -> Reply:
        if request.path == f"{_ROOT}/query":
            expression = request.json.get("QueryFilter", {}).get("expression")
            found = [
                self.sent(row)
                for row in self.rows.values()
                if expression is None or _holds(expression, self.native(row))
            ]
            return self._page(found)
        if request.path == f"{_ROOT}/queryMore":
            rest = self._rest.get(request.body.decode().strip('"'))
            return Reply({"@type": "Error"}, status=400) if rest is None else self._page(rest)
        return Reply({"@type": "Error"}, status=404)

    def _page(self, found: list[dict[str, Any]]) -> Reply:
        body: dict[str, Any] = {"@type": "QueryResult", "numberOfResults": len(found)}
        if len(found) > self.page:
            body["queryToken"] = f"token-{len(self._rest)}=="
            self._rest[body["queryToken"]] = found[self.page :]
        headers = {"Content-Type": "application/json"}
        return Reply({**body, "result": found[: self.page]}, headers=headers)


def _holds(expression: dict[str, Any], row: dict[str, Any]) -> bool:
    if "nestedExpression" in expression:
        each = (_holds(part, row) for part in expression["nestedExpression"])
        return all(each) if expression["operator"] == "and" else any(each)
    value, argument = row[expression["property"]], expression["argument"][0]
    if expression["operator"] == "EQUALS":
        return bool(value == argument)
    left, right = datetime.fromisoformat(value), datetime.fromisoformat(argument)
    return left >= right if expression["operator"] == "GREATER_THAN_OR_EQUAL" else left < right
