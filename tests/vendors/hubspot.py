"""HubSpot's objects: a search by filters, a list of everything, one record by id."""

from datetime import UTC, datetime
from typing import Any

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_ROOT = "/crm/v3/objects/deals"
_MOST_FOUND = 10_000


class HubSpot(Vendor):
    """One account with deals."""

    stream = "deal"
    money = "amount"
    issues_tokens = False
    throttle = Reply(
        {"status": "error", "errorType": "RATE_LIMIT", "policyName": "SECONDLY"}, status=429
    )

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "hubspot",
            "base_url": self.server.url,
            "auth": {"token": CANARY},
            "streams": {"deal": {"map": {"region": "properties.sales_region"}}},
        }

    def is_known(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {CANARY}"

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at:%Y-%m-%dT%H:%M:%S.000Z}"
        return {
            "hs_object_id": row.id,
            "dealname": row.name,
            "amount": str(row.amount),
            "deal_currency_code": "EUR",
            "closedate": stamp,
            "createdate": stamp,
            "hs_lastmodifieddate": stamp,
            "dealstage": "closedwon",
            "sales_region": row.custom,
        }

    def answer(self, request: Request) -> Reply:
        if request.path == f"{_ROOT}/search":
            return self._search(request.json)
        if request.path == _ROOT:
            return self._list(request)
        number = request.path.removeprefix(f"{_ROOT}/")
        if number not in self.rows:
            return Reply({"status": "error", "category": "OBJECT_NOT_FOUND"}, status=404)
        return Reply(self._shown(self.rows[number], request.param("properties").split(",")))

    def _search(self, asked: dict[str, Any]) -> Reply:
        if asked["limit"] > 200 or len(asked["filterGroups"]) > 5:
            return Reply({"status": "error", "category": "VALIDATION_ERROR"}, status=400)
        shown = [(row, self.native(row)) for row in self.rows.values()]
        found = [
            row
            for row, values in shown
            if any(
                all(_fits(each, values) for each in group["filters"])
                for group in asked["filterGroups"]
            )
        ]
        found.sort(key=lambda row: int(row.id))
        start = int(asked.get("after") or 0)
        end = start + min(asked["limit"], self.page)
        if end > _MOST_FOUND:
            return Reply({"status": "error", "message": "over 10,000"}, status=400)
        body: dict[str, Any] = {
            "total": len(found),
            "results": [self._shown(row, asked["properties"]) for row in found[start:end]],
        }
        if end < len(found):
            body["paging"] = {"next": {"after": str(end)}}
        return Reply(body)

    def _list(self, request: Request) -> Reply:
        found = sorted(self.rows.values(), key=lambda row: int(row.id))
        start = int(request.param("after", "0"))
        end = start + min(int(request.param("limit", "10")), self.page)
        columns = request.param("properties", "hs_object_id").split(",")
        body: dict[str, Any] = {"results": [self._shown(row, columns) for row in found[start:end]]}
        if end < len(found):
            body["paging"] = {"next": {"after": str(end)}}
        return Reply(body)

    def _shown(self, row: Row, columns: list[str]) -> dict[str, Any]:
        values = self.sent(row)
        stamp = values["hs_lastmodifieddate"]
        always = ("hs_object_id", "createdate", "hs_lastmodifieddate")
        # Properties that do not exist are left out without a word.
        return {
            "id": row.id,
            "properties": {name: values[name] for name in (*always, *columns) if name in values},
            "createdAt": stamp,
            "updatedAt": stamp,
            "archived": False,
        }


def _fits(asked: dict[str, Any], values: dict[str, Any]) -> bool:
    value = values.get(asked["propertyName"])
    if value is None:
        return False
    if asked["operator"] == "EQ":
        return str(value).lower() == str(asked["value"]).lower()
    left, right = _number(value), float(asked["value"])
    return {"GT": left > right, "GTE": left >= right, "LT": left < right}[asked["operator"]]


def _number(value: str) -> float:
    if "T" in value:
        return datetime.fromisoformat(value).astimezone(UTC).timestamp() * 1000
    return float(value)
