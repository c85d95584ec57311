"""Reads sales orders with SAP's own client for OData 2: the metadata, then every page."""

import sys

import pyodata
import requests

address, secret = sys.argv[1:]
session = requests.Session()
session.trust_env = False
session.auth = ("TIEOUT", secret)
client = pyodata.Client(f"{address}/sap/opu/odata/sap/API_SALES_ORDER_SRV", session)
request = client.entity_sets.A_SalesOrder.get_entities()
while True:
    page = request.execute()
    for order in page:
        print(order.SalesOrder)
    if not page.next_url:
        break
    request = client.entity_sets.A_SalesOrder.get_entities().next_url(page.next_url)
