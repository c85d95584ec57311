"""Ironclad's records: pages numbered from nought, filters as formulas, properties with a type."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_LIST = "/public/api/v1/records"


class Ironclad(Vendor):
    """One company with contract records."""

    stream = "record"
    money = "lastUpdated"
    throttle = Reply({"code": "TOO_MANY_REQUESTS", "message": "slow down"}, status=429)

    @property
    def system(self) -> dict[str, Any]:
        url = self.server.url
        auth = {"client_id": "tieout", "client_secret": CANARY, "token_url": f"{url}/oauth/token"}
        return {
            "use": "ironclad",
            "values": {"user": "auditor@firm.example"},
            "base_url": url,
            "auth": auth,
            "streams": {"record": {"map": {"region": "properties.region.value"}}},
        }

    def native_id(self, number: int) -> str:
        return f"00000000-0000-0000-0000-{number:012}"

    def native(self, row: Row) -> dict[str, Any]:
        value = {"currency": "EUR", "amount": float(row.amount)}
        return {
            "id": self.native_id(int(row.id)),
            "ironcladId": f"IC-{row.id}",
            "type": "consultingAgreement",
            "name": row.name,
            "lastUpdated": f"{row.modified_at:%Y-%m-%dT%H:%M:%SZ}",
            "properties": {
                "contractValue": {"type": "monetary_amount", "value": value},
                "agreementDate": {"type": "date", "value": "2026-03-02T00:00:00-08:00"},
                "opportunityId": {"type": "string", "value": f"0065g{row.number}"},
                "region": {"type": "string", "value": row.custom},
            },
            "attachments": {},
            "links": [],
            "contractStatus": {"status": "active", "enhancedStatus": "executed"},
        }

    def refusal(self) -> Reply:
        return Reply({"code": "UNAUTHORIZED", "message": "invalid authentication token"}, 401)

    def log_in(self, request: Request) -> Reply | None:
        if request.path != "/oauth/token":
            return None
        form = parse_qs(request.body.decode())
        is_known = request.headers.get("authorization", "").startswith("Basic ")
        if not is_known or form.get("grant_type") != ["client_credentials"] or "scope" not in form:
            return Reply({"error": "invalid_client"}, status=401)
        return Reply({"access_token": self.issue(), "expires_in": 86400, "token_type": "Bearer"})

    def answer(self, request: Request) -> Reply:
        # A token of client credentials acts for nobody until it says for whom.
        if request.headers.get("x-as-user-email") != "auditor@firm.example":
            return Reply({"code": "MISSING_PARAM", "param": "x-as-user-email"}, status=400)
        shown = [(row, self.sent(row)) for row in self.rows.values()]
        if request.path.startswith(f"{_LIST}/"):
            wanted = request.path.removeprefix(f"{_LIST}/").lower()
            named = [v for _, v in shown if wanted in (v["id"], v["ironcladId"].lower())]
            return Reply(named[0]) if named else Reply({"code": "NOT_FOUND"}, status=404)
        size = int(request.param("pageSize", "20"))
        if request.path != _LIST or not 1 <= size <= 100:
            return Reply({"code": "INVALID_PARAM", "param": "pageSize"}, status=400)
        found = [each for each in shown if _fits(*each, request)]
        found.sort(key=lambda each: each[0].modified_at)
        size, number = min(size, self.page), int(request.param("page", "0"))
        part = [values for _, values in found[number * size : (number + 1) * size]]
        return Reply({"page": number, "pageSize": size, "count": len(found), "list": part})


def _fits(row: Row, values: dict[str, Any], request: Request) -> bool:
    if asked := re.fullmatch(r"Equals\(\[(\w+)\], '([^']*)'\)", request.param("filter")):
        return bool(values["properties"][asked[1]]["value"] == asked[2])
    since = request.param("lastUpdated")
    return not since or row.modified_at >= datetime.fromisoformat(since)
