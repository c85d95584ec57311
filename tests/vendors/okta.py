"""Okta's system log: a bounded window of events in order, the next page in the header Link."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_LOGS = "/api/v1/logs"


class Okta(Vendor):
    """One organisation with events."""

    stream = "event"
    money = "published"
    issues_tokens = False
    throttle = Reply({"errorCode": "E0000047", "errorSummary": "API call exceeded rate"}, 429)
    exempt = {
        "test_a_deleted_row_is_seen_to_be_gone": "no event is deleted before its time is over"
    }

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "okta",
            "base_url": self.server.url,
            "auth": {"token": CANARY},
            "streams": {"event": {"map": {"region": "client.geographicalContext.country"}}},
        }

    def native_id(self, number: int) -> str:
        return f"00000000-0000-0000-0000-{number:012}"

    def is_known(self, request: Request) -> bool:
        # Okta's own client leaves out the blank behind the scheme.
        shown = request.headers.get("authorization", "")
        return shown.startswith("SSWS") and shown.removeprefix("SSWS").strip() == CANARY

    def refusal(self) -> Reply:
        return Reply({"errorCode": "E0000011", "errorSummary": "Invalid token provided"}, 401)

    def native(self, row: Row) -> dict[str, Any]:
        return {
            "uuid": self.native_id(int(row.id)),
            "published": f"{row.modified_at:%Y-%m-%dT%H:%M:%S.000Z}",
            "eventType": "application.user_membership.update",
            "displayMessage": row.name,
            "severity": "INFO",
            "actor": {"id": "00u1", "type": "User", "alternateId": f"{row.number}@firm.example"},
            "client": {"geographicalContext": {"country": row.custom}},
            "outcome": {"result": "SUCCESS"},
        }

    def expected(self, row: Row) -> dict[str, Any]:
        owner = f"{row.number}@firm.example"
        return {"name": row.name, "owner": owner, "status": "done", "region": row.custom}

    def answer(self, request: Request) -> Reply:
        if request.path != _LOGS:
            return Reply({"errorCode": "E0000022"}, status=404)
        found = [each for each in self.rows.values() if self._fits(each, request)]
        found.sort(key=lambda each: (each.modified_at, each.id))
        start = int(request.param("after", "0"))
        end = start + min(int(request.param("limit", "100")), self.page)
        headers = {}
        # Without an end the list has none: there is always a next page, to ask again later.
        if end < len(found) or not request.param("until"):
            named = {n: v[-1] for n, v in request.query.items()} | {"after": str(end)}
            query = "&".join(f"{n}={quote(v)}" for n, v in named.items())
            headers["Link"] = f'<{self.server.url}{_LOGS}?{query}>; rel="next"'
        return Reply([self.sent(each) for each in found[start:end]], headers=headers)

    def _fits(self, row: Row, request: Request) -> bool:
        if asked := re.fullmatch(r'uuid eq "([^"]*)"', request.param("filter")):
            return self.native_id(int(row.id)) == asked[1]
        since, until = request.param("since"), request.param("until")
        if since and row.modified_at < datetime.fromisoformat(since):
            return False
        return not until or row.modified_at < datetime.fromisoformat(until)
