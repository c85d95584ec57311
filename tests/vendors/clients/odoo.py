"""Reads invoices with Odoo's own client, part by part."""

import sys
from urllib.parse import urlsplit

import odoolib

address, secret = sys.argv[1:]
parts = urlsplit(address)
connection = odoolib.get_connection(
    hostname=parts.hostname, protocol="json2", port=parts.port, database="acme", password=secret
)
invoices = connection.get_model("account.move")
start = 0
while found := invoices.search_read(
    domain=[["move_type", "=", "out_invoice"]],
    fields=["name", "partner_id"],
    offset=start,
    limit=80,
):
    for invoice in found:
        assert invoice["partner_id"][1]
        print(invoice["id"])
    start += len(found)
