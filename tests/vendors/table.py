"""Every vendor's stand-in, by the definition that reads it."""

from collections.abc import Mapping

from tests.vendors.salesforce import Salesforce
from tests.vendors.vendor import Vendor

VENDORS: Mapping[str, type[Vendor]] = {
    "salesforce": Salesforce,
}
