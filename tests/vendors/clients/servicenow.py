"""Reads change requests with ServiceNow's own client: a query and all its parts."""

import sys

from pysnc import ServiceNowClient

from tests.vendors.clients.loopback import Loopback

address, secret = sys.argv[1:]
client = ServiceNowClient("https://acme.service-now.example", ("tieout", secret))
client.session.trust_env = False
# The client has an adapter of its own for the whole instance; a longer prefix goes before it.
client.session.mount(f"{client.instance}/api/", Loopback(address))
changes = client.GlideRecord("change_request", batch_size=10)
changes.fields = "sys_id,number,sys_updated_on"
changes.add_query("sys_updated_on", ">=", "2026-01-01 00:00:00")
changes.query()
for change in changes:
    assert change.get_value("number").startswith("D-")
    print(change.get_value("sys_id"))
