"""ServiceNow's tables: encoded queries, parts by position, values plain or as displayed."""

import base64
import re
from datetime import UTC, datetime
from typing import Any

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_TABLE = "/api/now/table/change_request"
_CONDITION = re.compile(r"(?P<name>[a-z_]+)(?P<sign>>=|<=|=|IN)(?P<value>.*)")


class ServiceNow(Vendor):
    """One instance with change requests."""

    stream = "change_request"
    money = "u_amount"
    issues_tokens = False
    throttle = Reply({"error": {"message": "Rate limit exceeded"}}, status=429)

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "servicenow",
            "base_url": self.server.url,
            "auth": {"username": "tieout", "password": CANARY},
            "streams": {"change_request": {"map": {"amount": "u_amount", "region": "u_region"}}},
        }

    def native_id(self, number: int) -> str:
        return f"{number:032x}"

    def is_known(self, request: Request) -> bool:
        encoded = base64.b64encode(f"tieout:{CANARY}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {encoded}"

    def refusal(self) -> Reply:
        return Reply({"error": {"message": "User Not Authenticated"}, "status": "failure"}, 401)

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        return {
            "sys_id": self.native_id(int(row.id)),
            "number": row.number,
            "short_description": row.name,
            "state": "3",
            "approval_set": "",
            "u_amount": str(row.amount),
            "u_region": row.custom,
            "sys_created_on": stamp,
            "sys_updated_on": stamp,
        }

    def answer(self, request: Request) -> Reply:
        if request.path != _TABLE:
            return Reply({"error": {"message": "Invalid table"}, "status": "failure"}, status=400)
        parts = request.param("sysparm_query").split("^")
        conditions = [each for each in parts if each and not each.startswith("ORDERBY")]
        found = [row for row in self.rows.values() if all(self._fits(row, c) for c in conditions)]
        found.sort(key=lambda row: self.native_id(int(row.id)))
        start = int(request.param("sysparm_offset", "0"))
        most = min(int(request.param("sysparm_limit", "10000")), self.page)
        end = start + (most if request.param("sysparm_offset") else len(found))
        columns = list(filter(None, request.param("sysparm_fields").split(",")))
        result = []
        for row in found[start:end]:
            values = self.sent(row)
            # Columns that do not exist are left out without a word.
            shown = {name: values[name] for name in columns or values if name in values}
            if request.param("sysparm_display_value") == "all":
                shown = {n: {"value": v, "display_value": v} for n, v in shown.items()}
            result.append(shown)
        return Reply({"result": result}, headers={"X-Total-Count": str(len(found))})

    def _fits(self, row: Row, condition: str) -> bool:
        asked = _CONDITION.fullmatch(condition)
        if asked is None:
            return True
        value = self.native(row)[asked["name"]]
        if asked["sign"] == "IN":
            return value.lower() in asked["value"].lower().split(",")
        if asked["sign"] == "=":
            return bool(value == asked["value"])
        stamp, moment = datetime.fromisoformat(value), datetime.fromisoformat(asked["value"])
        return stamp >= moment if asked["sign"] == ">=" else stamp <= moment
