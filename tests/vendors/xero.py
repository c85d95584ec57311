"""Xero's lists: changes by If-Modified-Since, numbered pages, instants as `/Date(0)/`."""

import base64
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_LIST = "/api.xro/2.0/Invoices"
_TENANT = "00000000-0000-0000-0000-00000000cafe"


class Xero(Vendor):
    """One organisation with invoices."""

    stream = "invoice"
    money = "SubTotal"
    throttle = Reply({}, status=429, headers={"X-Rate-Limit-Problem": "minute"})

    def __init__(self) -> None:
        super().__init__()
        # A token that a person was given, as the client library in `clients` uses it.
        self.tokens.add(CANARY)

    @property
    def system(self) -> dict[str, Any]:
        url = self.server.url
        auth = {"client_id": "tieout", "client_secret": CANARY, "token_url": f"{url}/connect/token"}
        own = {"region": "BrandingThemeID", "name": "Contact.Name"}
        return {
            "use": "xero",
            "values": {"tenant": _TENANT},
            "base_url": url,
            "auth": auth,
            "streams": {"invoice": {"map": own}},
        }

    def native_id(self, number: int) -> str:
        return f"00000000-0000-0000-0000-{number:012}"

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"/Date({int(row.modified_at.timestamp() * 1000)}+0000)/"
        return {
            "Type": "ACCREC",
            "InvoiceID": self.native_id(int(row.id)),
            "InvoiceNumber": row.number,
            "Reference": f"OPP-{row.id}",
            "Contact": {"ContactID": self.native_id(1), "Name": row.name},
            "BrandingThemeID": row.custom,
            "SubTotal": float(row.amount),
            "TotalTax": 0.0,
            "Total": float(row.amount),
            "CurrencyCode": "EUR",
            "Status": "AUTHORISED",
            "Date": "/Date(1772409600000+0000)/",
            "DueDate": "/Date(1775001600000+0000)/",
            "UpdatedDateUTC": stamp,
        }

    def refusal(self) -> Reply:
        return Reply({"Type": None, "Title": "Unauthorized", "Status": 401}, status=401)

    def log_in(self, request: Request) -> Reply | None:
        if request.path != "/connect/token":
            return None
        pair = base64.b64encode(f"tieout:{CANARY}".encode()).decode()
        form = parse_qs(request.body.decode())
        is_known = request.headers.get("authorization") == f"Basic {pair}"
        if not is_known or form.get("grant_type") != ["client_credentials"] or "scope" not in form:
            return Reply({"error": "invalid_client"}, status=400)
        return Reply({"access_token": self.issue(), "expires_in": 1800, "token_type": "Bearer"})

    def answer(self, request: Request) -> Reply:
        if request.headers.get("xero-tenant-id") != _TENANT:
            return Reply({"Title": "Forbidden", "Status": 403}, status=403)
        if request.path != _LIST:
            return Reply({"Title": "Not Found", "Status": 404}, status=404)
        found = [each for each in self._shown() if _fits(*each, request)]
        size = min(int(request.param("pageSize", "100")), self.page)
        start = size * (int(request.param("page", "1")) - 1)
        pages = {"pageSize": size, "pageCount": -(-len(found) // size), "itemCount": len(found)}
        invoices = [values for _, values in found[start : start + size]]
        body = {"Status": "OK", "DateTimeUTC": "/Date(0)/", "Invoices": invoices}
        return Reply({**body, "pagination": {"page": start // size + 1, **pages}})

    def _shown(self) -> list[tuple[Row, dict[str, Any]]]:
        """Every row with its values, the deleted ones too: they keep their place."""
        standing = [(row, self.sent(row)) for row in self.rows.values()]
        gone = [(row, {**self.native(row), "Status": "DELETED"}) for row in self.deleted.values()]
        return sorted(standing + gone, key=lambda each: (each[0].modified_at, each[0].id))


def _fits(row: Row, values: dict[str, Any], request: Request) -> bool:
    if ids := request.param("IDs"):
        return values["InvoiceID"] in ids.split(",")
    if since := request.headers.get("if-modified-since"):
        moment = datetime.fromisoformat(since)
        if row.modified_at < (moment if moment.tzinfo else moment.replace(tzinfo=UTC)):
            return False
    asked = re.findall(r'(\w+)(==|!=)"([^"]*)"', request.param("where"))
    return all(
        (str(values[name]).lower() == text.lower()) is (sign == "==") for name, sign, text in asked
    )
