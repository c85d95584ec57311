"""Frappe's lists of documents: fields, filters, order as JSON in the query, parts by position."""

import base64
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_LIST = "/api/resource/Sales%20Invoice"
_ZONE = ZoneInfo("Europe/Berlin")


class ErpNext(Vendor):
    """One site with sales invoices."""

    stream = "invoice"
    money = "net_total"
    issues_tokens = False

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "erpnext",
            "values": {"zone": "Europe/Berlin"},
            "base_url": self.server.url,
            "auth": {"token": f"tieout:{CANARY}"},
            "streams": {"invoice": {"map": {"region": "custom_region", "name": "customer_name"}}},
        }

    def native_id(self, number: int) -> str:
        return f"ACC-SINV-2026-{number:05}"

    def is_known(self, request: Request) -> bool:
        pair = f"tieout:{CANARY}"
        basic = f"Basic {base64.b64encode(pair.encode()).decode()}"
        return request.headers.get("authorization") in (f"token {pair}", basic)

    def refusal(self) -> Reply:
        return Reply({"exc_type": "AuthenticationError"}, status=401)

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at.astimezone(_ZONE):%Y-%m-%d %H:%M:%S.%f}"
        return {
            "name": self.native_id(int(row.id)),
            "docstatus": 1,
            "customer": f"Acme {row.id}",
            "customer_name": row.name,
            "net_total": float(row.amount),
            "currency": "EUR",
            "status": "Unpaid",
            "po_no": row.number,
            "project": f"PROJ-{row.id}",
            "posting_date": "2026-03-02",
            "due_date": "2026-04-01",
            "custom_region": row.custom,
            "creation": stamp,
            "modified": stamp,
        }

    def answer(self, request: Request) -> Reply:
        if request.path not in (_LIST, _LIST.replace("%20", " ")):
            return Reply({"exc_type": "DoesNotExistError"}, status=404)
        columns = json.loads(request.param("fields", '["name"]'))
        filters = json.loads(request.param("filters", "[]"))
        try:
            found = [
                self.sent(row)
                for row in self.rows.values()
                if all(_fits(self.native(row), *each) for each in filters)
            ]
            found.sort(key=lambda values: (values["creation"], values["name"]))
            start = int(request.param("limit_start", "0"))
            end = start + min(int(request.param("limit_page_length", "20")), self.page)
            shown = found if columns == ["*"] else [_chosen(each, columns) for each in found]
            return Reply({"data": shown[start:end]})
        except KeyError as error:
            return Reply({"exc_type": "DataError", "exception": str(error)}, status=417)


def _chosen(values: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in columns}


def _fits(values: dict[str, Any], name: str, sign: str, wanted: Any) -> bool:
    if sign == "in":
        # The database's collation disregards case.
        return str(values[name]).lower() in [each.lower() for each in wanted]
    stamp, moment = datetime.fromisoformat(values[name]), datetime.fromisoformat(wanted)
    return stamp >= moment if sign == ">=" else stamp <= moment
