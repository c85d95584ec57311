"""QuickBooks Online: queries in its own words, parts by position, refresh tokens used once."""

import base64
import re
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_QUERY = re.compile(
    r"SELECT \* FROM (?P<table>\w+)(?: WHERE (?P<where>.*?))?(?: ORDER ?BY (?P<order>[\w.]+))?"
    r"(?: STARTPOSITION (?P<start>\d+))?(?: MAXRESULTS (?P<most>\d+))?"
)
_CONDITION = re.compile(r"(?P<name>[\w.]+) (?P<sign>=|>=|<|IN) (?P<value>.+)")


class QuickBooks(Vendor):
    """One company with invoices."""

    stream = "invoice"
    money = "TotalAmt"
    throttle = Reply({"Fault": {"Error": [{"code": "003001"}], "type": "SERVICE"}}, status=429)

    def __init__(self) -> None:
        super().__init__()
        # A token that a person was given, as the client library in `clients` uses it.
        self.tokens.add(CANARY)
        self._folder = TemporaryDirectory()
        self._file = Path(self._folder.name) / "refresh"
        self._refresh = f"{CANARY}-refresh"
        self._file.write_text(self._refresh, encoding="ascii")

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._folder.cleanup()

    @property
    def system(self) -> dict[str, Any]:
        auth = {
            "client_id": "tieout",
            "client_secret": CANARY,
            "refresh_token_file": str(self._file),
            "token_url": f"{self.server.url}/oauth2/v1/tokens/bearer",
        }
        own = {"region": "CustomField[Name='Region'].StringValue", "name": "PrivateNote"}
        return {
            "use": "quickbooks",
            "values": {"company": "acme"},
            "base_url": self.server.url,
            "auth": auth,
            "streams": {"invoice": {"map": own}},
        }

    def native(self, row: Row) -> dict[str, Any]:
        stamp = row.modified_at.astimezone(ZoneInfo("America/Los_Angeles")).isoformat()
        return {
            "Id": row.id,
            "SyncToken": "0",
            "DocNumber": row.number,
            "PrivateNote": row.name,
            "TxnDate": "2026-03-02",
            "DueDate": "2026-04-01",
            "CurrencyRef": {"value": "EUR", "name": "Euro"},
            "CustomerRef": {"value": f"C{row.id}", "name": "Acme"},
            "TotalAmt": float(row.amount),
            "CustomField": [
                {"DefinitionId": "1", "Name": "Deal", "Type": "StringType", "StringValue": "OPP-1"},
                {"DefinitionId": "2", "Name": "Region", "Type": "StringType",
                 "StringValue": row.custom},
            ],
            "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
        }  # fmt: skip

    def refusal(self) -> Reply:
        return Reply({"fault": {"error": [{"code": "3200"}], "type": "AUTHENTICATION"}}, status=401)

    def log_in(self, request: Request) -> Reply | None:
        if request.path != "/oauth2/v1/tokens/bearer":
            return None
        pair = base64.b64encode(f"tieout:{CANARY}".encode()).decode()
        form = parse_qs(request.body.decode())
        is_known = request.headers.get("authorization") == f"Basic {pair}"
        if not is_known or form.get("refresh_token") != [self._refresh]:
            return Reply({"error": "invalid_grant"}, status=400)
        token = self.issue()
        self._refresh = f"refresh-{token}"
        return Reply({"access_token": token, "refresh_token": self._refresh, "expires_in": 3600})

    def answer(self, request: Request) -> Reply:
        query = request.param("query") or request.body.decode()
        asked = _QUERY.fullmatch(" ".join(query.split()))
        if request.path != "/v3/company/acme/query" or asked is None or asked["table"] != "Invoice":
            return Reply(
                {"Fault": {"Error": [{"Message": "QueryParserError", "code": "4000"}]}}, status=400
            )
        found = [row for row in self.rows.values() if self._fits(row, asked["where"] or "")]
        order = asked["order"] or ""
        found.sort(key=lambda row: (row.modified_at if "Time" in order else 0, row.id))
        start = int(asked["start"] or 1)
        most = min(int(asked["most"] or 100), self.page if asked["start"] else 1000)
        shown = [self.sent(row) for row in found[start - 1 : start - 1 + most]]
        # Nothing found is an empty object, without the list.
        inside = {"Invoice": shown, "startPosition": start, "maxResults": len(shown)}
        return Reply({"QueryResponse": inside if shown else {}, "time": "2026-03-02T12:00:00Z"})

    def _fits(self, row: Row, where: str) -> bool:
        values = self.native(row)
        values = {**values, "CustomerRef": values["CustomerRef"]["value"]}
        for text in filter(None, where.split(" AND ")):
            asked = _CONDITION.fullmatch(text)
            if asked is None:
                return False
            wanted = re.findall(r"'((?:[^'\\]|\\.)*)'", asked["value"])
            if asked["name"] == "MetaData.LastUpdatedTime":
                is_later = row.modified_at >= datetime.fromisoformat(wanted[0])
                if is_later is not (asked["sign"] == ">="):
                    return False
            elif values[asked["name"]] not in wanted:
                return False
        return True
