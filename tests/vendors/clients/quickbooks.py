"""Reads invoices with the community's client for QuickBooks, part by part."""

import sys

from quickbooks import QuickBooks
from quickbooks.objects.invoice import Invoice
from requests_oauthlib import OAuth2Session

from tests.vendors.clients.loopback import Loopback

address, secret = sys.argv[1:]
session = OAuth2Session("tieout", token={"access_token": secret, "token_type": "Bearer"})
session.trust_env = False
session.mount("https://", Loopback(address))
client = QuickBooks(company_id="acme", minorversion=75)
client.session = session
start = 1
while found := Invoice.all(order_by="Id", start_position=start, max_results=100, qb=client):
    for invoice in found:
        assert invoice.CustomField[0].Name == "Deal"
        print(invoice.Id)
    start += len(found)
