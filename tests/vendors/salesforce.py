"""Salesforce's REST API: log-in by client credentials, queries in pages, upsert by external id."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs

from tests.servers import Reply, Request
from tests.vendors import soql
from tests.vendors.vendor import CANARY, Row, Vendor

VERSION = "/services/data/v62.0"
_OF_ALL = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted", "Owner", "Region__c")
"""Columns that rows of every object have here."""


class Salesforce(Vendor):
    """One org with opportunities."""

    definition = "salesforce"
    table = "Opportunity"
    stream = "opportunity"
    money = "Amount"
    throttle = Reply(
        [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
        status=403,
    )

    def __init__(self) -> None:
        super().__init__()
        self._locators: dict[str, list[dict[str, Any]]] = {}
        self.used = 18

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": self.definition,
            "base_url": self.server.url,
            "auth": {"client_id": "tieout", "client_secret": CANARY},
            "streams": {self.stream: {"map": {"region": "Region__c"}}},
        }

    def native_id(self, number: int) -> str:
        return f"006{number:015}"

    def native(self, row: Row) -> dict[str, Any]:
        return {
            "Id": self.native_id(int(row.id)),
            "Name": row.name,
            "Amount": float(row.amount),
            "StageName": "Closed Won",
            "CloseDate": f"{row.modified_at:%Y-%m-%d}",
            "CreatedDate": f"{row.modified_at:%Y-%m-%dT%H:%M:%S.000+0000}",
            "SystemModstamp": f"{row.modified_at:%Y-%m-%dT%H:%M:%S.000+0000}",
            "IsDeleted": row.id in self.deleted,
            "AccountId": "001000000000000001",
            "Owner": {"Name": "Ann"},
            "Region__c": row.custom,
            "CurrencyIsoCode": "EUR",
            "Deal_Number__c": row.number,
        }

    def refusal(self) -> Reply:
        body = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
        return Reply(body, status=401)

    def log_in(self, request: Request) -> Reply | None:
        if request.path != "/services/oauth2/token":
            return None
        form = parse_qs(request.body.decode())
        pair = base64.b64encode(f"tieout:{CANARY}".encode()).decode()
        in_header = request.headers.get("authorization") == f"Basic {pair}"
        is_known = in_header or form.get("client_secret") == [CANARY]
        if form.get("grant_type") != ["client_credentials"] or not is_known:
            return Reply({"error": "invalid_client"}, status=400)
        token = {"access_token": self.issue(), "instance_url": self.server.url}
        return Reply({**token, "token_type": "Bearer", "issued_at": "1772452800000"})

    def answer(self, request: Request) -> Reply:
        self.used += 1
        headers = {"Sforce-Limit-Info": f"api-usage={self.used}/15000"}
        if request.path in (f"{VERSION}/query", f"{VERSION}/query/", f"{VERSION}/queryAll"):
            is_all = request.path.endswith("queryAll")
            return self._query(request.param("q"), headers, is_all=is_all)
        if request.path.startswith(f"{VERSION}/query/"):
            locator, _, start = request.path.rpartition("/")[2].rpartition("-")
            return self._page(locator, int(start), headers)
        return Reply([{"errorCode": "NOT_FOUND", "message": "?"}], status=404, headers=headers)

    def _query(self, text: str, headers: dict[str, str], *, is_all: bool) -> Reply:
        shown = [*self.rows.values(), *(self.deleted.values() if is_all else ())]
        try:
            found = soql.run(text, {self.table: [self.sent(each) for each in shown]})
        except soql.Malformed as error:
            body = [{"message": json.dumps(text), "errorCode": str(error)}]
            return Reply(body, status=400, headers=headers)
        locator = f"0r8{len(self._locators):015}"
        self._locators[locator] = found
        return self._page(locator, 0, headers)

    def _page(self, locator: str, start: int, headers: dict[str, str]) -> Reply:
        found = self._locators[locator]
        end = start + self.page
        records = [
            {"attributes": {"type": self.table, "url": "…"}, **each} for each in found[start:end]
        ]
        body: dict[str, Any] = {"totalSize": len(found), "done": end >= len(found)}
        if end < len(found):
            body["nextRecordsUrl"] = f"{VERSION}/query/{locator}-{end}"
        return Reply({**body, "records": records}, headers=headers)


class Cpq(Salesforce):
    """One org with the quotes of CPQ's package."""

    definition = "salesforce_cpq"
    table = "SBQQ__Quote__c"
    stream = "quote"
    money = "SBQQ__NetAmount__c"

    def native_id(self, number: int) -> str:
        return f"a0q{number:015}"

    def native(self, row: Row) -> dict[str, Any]:
        opportunity = super().native(row)
        return {
            **{name: opportunity[name] for name in _OF_ALL},
            "Name": row.name,
            "SBQQ__NetAmount__c": opportunity["Amount"],
            "SBQQ__Status__c": "Accepted",
            "SBQQ__Opportunity2__c": f"006{int(row.id):015}",
            "SBQQ__Account__c": opportunity["AccountId"],
        }

    def expected(self, row: Row) -> dict[str, Any]:
        return {"number": row.name, "amount": row.amount, "region": row.custom}


class Certinia(Salesforce):
    """One org with the projects of Certinia's package."""

    definition = "certinia"
    table = "pse__Proj__c"
    stream = "project"
    money = "pse__Bookings__c"

    def native_id(self, number: int) -> str:
        return f"a0P{number:015}"

    def native(self, row: Row) -> dict[str, Any]:
        opportunity = super().native(row)
        return {
            **{name: opportunity[name] for name in _OF_ALL},
            "Name": row.name,
            "pse__Project_ID__c": f"PR-{int(row.id):06}",
            "pse__Bookings__c": opportunity["Amount"],
            "pse__Stage__c": "In Progress",
            "pse__Project_Manager__r": {"Name": "Ben"},
            "pse__Start_Date__c": f"{row.modified_at:%Y-%m-%d}",
            "pse__End_Date__c": None,
            "pse__Opportunity__c": f"006{int(row.id):015}",
            "pse__Account__c": opportunity["AccountId"],
        }
