"""Reads sales invoices with the community's client for Frappe, part by part."""

import sys

from frappeclient import FrappeClient

address, secret = sys.argv[1:]
client = FrappeClient(address, api_key="tieout", api_secret=secret)
client.session.trust_env = False
start = 0
while found := client.get_list(
    "Sales Invoice",
    fields=["name", "net_total", "modified"],
    filters=[["modified", ">=", "2026-01-01 00:00:00"]],
    order_by="creation asc, name asc",
    limit_start=start,
    limit_page_length=100,
):
    for invoice in found:
        print(invoice["name"])
    start += len(found)
