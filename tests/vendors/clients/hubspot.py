"""Reads deals with HubSpot's own client: every page of the list, and a search."""

import sys

from hubspot import HubSpot
from hubspot.crm.deals import PublicObjectSearchRequest

address, secret = sys.argv[1:]
deals = HubSpot(access_token=secret, host=address).crm.deals
listed = {each.id for each in deals.get_all()}
search = PublicObjectSearchRequest(
    limit=100,
    properties=["dealname", "amount"],
    filter_groups=[{"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": "0"}]}],
)
found = {each.id for each in deals.search_api.do_search(search).results}
assert found <= listed
print("\n".join(listed))
