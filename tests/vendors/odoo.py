"""Odoo's JSON-2: one POST a method, conditions as lists, many-to-one fields as `[id, name]`.

As in Odoo, a field that holds nothing is `false`.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from tests.servers import Reply, Request
from tests.vendors.vendor import CANARY, Row, Vendor

_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le,
    "in": lambda value, several: value in several,
    "=ilike": lambda value, text: value.lower() == text.lower(),
}  # fmt: skip


class Odoo(Vendor):
    """One database with invoices."""

    stream = "invoice"
    money = "amount_untaxed"
    issues_tokens = False

    @property
    def system(self) -> dict[str, Any]:
        return {
            "use": "odoo",
            "values": {"database": "acme"},
            "base_url": self.server.url,
            "auth": {"token": CANARY},
            "streams": {"invoice": {"map": {"region": "x_region", "name": "ref"}}},
        }

    def is_known(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {CANARY}"

    def refusal(self) -> Reply:
        return Reply({"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}, 401)

    def native(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.modified_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        return {
            "id": int(row.id),
            "name": row.number,
            "ref": row.name,
            "move_type": "out_invoice",
            "state": "posted",
            "amount_untaxed": float(row.amount),
            "currency_id": [1, "EUR"],
            "partner_id": [10 + int(row.id), "Acme"],
            "invoice_origin": f"S{row.id}",
            "invoice_date": "2026-03-02",
            "invoice_date_due": False,
            "x_region": row.custom,
            "create_date": stamp,
            "write_date": stamp,
        }

    def expected(self, row: Row) -> dict[str, Any]:
        return {**super().expected(row), "currency": "EUR", "due_on": None}

    def answer(self, request: Request) -> Reply:
        if request.path != "/json/2/account.move/search_read" or request.method != "POST":
            return Reply({"name": "werkzeug.exceptions.NotFound"}, status=404)
        if request.headers.get("x-odoo-database") != "acme":
            return Reply({"name": "werkzeug.exceptions.Unauthorized"}, status=401)
        asked = request.json
        try:
            found = [
                self.sent(row)
                for row in self.rows.values()
                if all(_fits(self.native(row), *each) for each in asked.get("domain", []))
            ]
            order = asked.get("order", "id asc").removesuffix(" asc")
            found.sort(key=lambda values: values[order])
            columns = ["id", *asked["fields"]]
            start = asked.get("offset", 0)
            end = start + min(asked.get("limit", self.page), self.page)
            shown = found[start : end if "limit" in asked else None]
            return Reply([{name: values[name] for name in columns} for values in shown])
        except (KeyError, TypeError, ValueError) as error:
            return Reply({"name": "builtins.ValueError", "message": str(error)}, status=422)


def _fits(values: Mapping[str, Any], name: str, sign: str, wanted: Any) -> bool:
    value = values[name]
    if isinstance(value, list):
        value = value[0]
    if name.endswith("_date") and isinstance(wanted, str):
        datetime.strptime(wanted, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return bool(_SIGNS[sign](value, wanted))
