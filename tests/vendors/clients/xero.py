"""Reads invoices with Xero's own client: every page of what changed since the year began."""

import sys
from datetime import UTC, datetime

from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

address, secret = sys.argv[1:]
token = {
    "access_token": secret,
    "token_type": "Bearer",
    "expires_in": 1800,
    "refresh_token": "none",
    "scope": ["accounting.transactions.read"],
}
client = ApiClient(
    Configuration(oauth2_token=OAuth2Token(client_id="tieout", client_secret=secret)),
    oauth2_token_getter=lambda: token,
    oauth2_token_saver=lambda saved: None,
)
accounting = AccountingApi(client, base_url=f"{address}/api.xro/2.0")
number, count = 1, 1
while number <= count:
    page = accounting.get_invoices(
        "00000000-0000-0000-0000-00000000cafe",
        if_modified_since=datetime(2026, 1, 1, tzinfo=UTC),
        where='Type=="ACCREC"',
        page=number,
        page_size=100,
    )
    for invoice in page.invoices:
        assert invoice.updated_date_utc.year == 2026
        print(invoice.invoice_id)
    number, count = number + 1, page.pagination.page_count
