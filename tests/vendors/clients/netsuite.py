"""Reads invoices with the community's client for NetSuite: a SuiteQL query and all its pages.

It logs in by tokens alone, which tieout does not: that part of the stand-in it does not try.
"""

import asyncio
import sys

from netsuite import Config, NetSuiteRestApi, TokenAuth

address, secret = sys.argv[1:]
QUERY = "SELECT id, tranid FROM transaction WHERE type = 'CustInvc' ORDER BY id"


async def read() -> None:
    auth = TokenAuth(
        consumer_key="tieout", consumer_secret=secret, token_id=secret, token_secret=secret
    )
    client = NetSuiteRestApi(Config(account="1234567", auth=auth))
    start, is_more = 0, True
    while is_more:
        page = await client.suiteql(
            QUERY, limit=1000, offset=start, url=f"{address}/services/rest/query/v1/suiteql"
        )
        for invoice in page["items"]:
            print(invoice["id"])
        start, is_more = start + page["count"], page["hasMore"]


asyncio.run(read())
