"""Reads the system log with Okta's own client: a bounded window and all its pages."""

import asyncio
import os
import sys

from okta.client import Client

address, secret = sys.argv[1:]


async def read() -> None:
    # The client's own way to be tried without a certificate.
    os.environ["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"
    async with Client({"orgUrl": address, "token": secret}) as client:
        after = None
        while True:
            events, answer, error = await client.list_log_events(
                since="2026-01-01T00:00:00Z", until="2026-12-31T00:00:00Z", limit=100, after=after
            )
            assert error is None, error
            for event in events:
                assert event.actor.alternate_id
                print(event.uuid)
            links = answer.headers.get("Link", "")
            if 'rel="next"' not in links:
                return
            after = links.split("after=")[1].split(">")[0].split("&")[0]


asyncio.run(read())
