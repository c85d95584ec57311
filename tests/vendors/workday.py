"""Workday's reports as a service: one answer with every row, and every value as text."""

import base64
from typing import Any

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_REPORT = "/ccx/service/customreport2/acme/ISU_Tieout/Tieout_Customer_Invoices"


class Workday(Vendor):
    """One tenant with a report on invoices."""

    stream = "invoice"
    money = "amount"
    issues_tokens = False
    exempt = {
        "test_records_are_read_by_id": "a report cannot be asked for single rows",
        "test_records_are_found_by_every_key_that_can_be_asked_for": (
            "a report cannot be asked for single rows"
        ),
    }

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "workday",
            "values": {"host": "wd5.example", "tenant": "acme", "owner": "ISU_Tieout"},
            "base_url": self.server.url,
            "auth": {"username": "ISU_Tieout@acme", "password": CANARY},
            "streams": {"invoice": {"map": {"region": "region", "name": "memo"}}},
        }

    def native_id(self, number: int) -> str:
        return f"{number:032x}"

    def is_known(self, request: Request) -> bool:
        encoded = base64.b64encode(f"ISU_Tieout@acme:{CANARY}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {encoded}"

    def native(self, row: Row) -> dict[str, Any]:
        return {
            "id": self.native_id(int(row.id)),
            "number": row.number,
            "memo": row.name,
            "amount": str(row.amount),
            "currency": "EUR",
            "status": "Approved",
            "invoice_date": "2026-03-02",
            "due_date": "2026-04-01",
            "project": f"PRJ-{row.id}",
            "customer": "C-1",
            "deal": f"OPP-{row.id}",
            "region": row.custom,
        }

    def disturb(self, *replies: Reply, after: int = 0) -> None:
        # Everything comes with one call, so it is that one.
        super().disturb(*replies)

    def answer(self, request: Request) -> Reply:
        if request.path != _REPORT or request.param("format") != "json":
            return Reply({"error": "No such report"}, status=404)
        return Reply({"Report_Entry": [self.sent(row) for row in self.rows.values()]})
