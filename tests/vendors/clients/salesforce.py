"""Reads opportunities with simple-salesforce: log-in, a query and all its pages."""

import sys

from simple_salesforce import Salesforce

from tests.vendors.clients.loopback import session_to

address, secret = sys.argv[1:]
client = Salesforce(
    consumer_key="tieout",
    consumer_secret=secret,
    domain="firm.my",
    version="62.0",
    session=session_to(address),
)
found = client.query_all_iter("SELECT Id, Name, Amount FROM Opportunity ORDER BY Id")
for row in found:
    print(row["Id"])
