"""Client libraries that try the stand-ins, each unmodified, from an environment of its own."""

from collections.abc import Mapping

CLIENTS: Mapping[str, str] = {
    "boomi": "boomi",
    "docusign": "docusign-esign",
    "erpnext": "frappe-client",
    "hubspot": "hubspot-api-client",
    "jira": "jira",
    "netsuite": "netsuite",
    "odoo": "odoo-client-lib",
    "okta": "okta",
    "quickbooks": "python-quickbooks",
    "salesforce": "simple-salesforce",
    "sap_s4hana": "pyodata",
    "servicenow": "pysnc",
    "xero": "xero-python",
}
"""By definition, the library of `requirements-vendors.in` that a script here drives.

A script gets the stand-in's address and secret, reads everything, and prints one id a line.
"""
