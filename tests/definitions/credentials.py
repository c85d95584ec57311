"""What a firm says of a system beside its definition: an address and a credential."""

from collections.abc import Mapping
from typing import Any

CLIENT = {"client_id": "tieout", "client_secret": "canary-c0ffee42"}

CREDENTIALS: Mapping[str, dict[str, Any]] = {
    "boomi": {"auth": {"username": "BOOMI_TOKEN.t@firm.example", "password": "canary-c0ffee42"}},
    "business_central": {"auth": CLIENT},
    "certinia": {"base_url": "https://firm.my.salesforce.example", "auth": CLIENT},
    "docusign": {
        "base_url": "https://na3.docusign.example",
        "auth": {"client_id": "tieout", "private_key": "canary-c0ffee42"},
    },
    "dynamics365": {"auth": CLIENT},
    "erpnext": {
        "base_url": "https://acme.erpnext.example",
        "auth": {"token": "tieout:canary-c0ffee42"},
    },
    "hubspot": {"auth": {"token": "canary-c0ffee42"}},
    "ironclad": {"auth": CLIENT},
    "jira": {
        "base_url": "https://acme.atlassian.example",
        "auth": {"username": "tieout@firm.example", "password": "canary-c0ffee42"},
    },
    "kantata": {"auth": {"token": "canary-c0ffee42"}},
    "microsoft_graph": {"auth": CLIENT},
    "netsuite": {"auth": {"client_id": "tieout", "key_id": "C1", "private_key": "canary-c0ffee42"}},
    "odoo": {
        "base_url": "https://acme.odoo.example",
        "auth": {"token": "canary-c0ffee42"},
    },
    "okta": {
        "base_url": "https://acme.okta.example",
        "auth": {"token": "canary-c0ffee42"},
    },
    "quickbooks": {
        "auth": {**CLIENT, "refresh_token_file": "/var/lib/tieout/quickbooks.token"},
    },
    "sap_s4hana": {
        "base_url": "https://acme.s4hana.example",
        "auth": {"username": "TIEOUT", "password": "canary-c0ffee42"},
    },
    "salesforce": {"base_url": "https://firm.my.salesforce.example", "auth": CLIENT},
    "salesforce_cpq": {"base_url": "https://firm.my.salesforce.example", "auth": CLIENT},
    "servicenow": {
        "base_url": "https://acme.service-now.example",
        "auth": {"username": "tieout", "password": "canary-c0ffee42"},
    },
    "workday": {"auth": {"username": "ISU_Tieout@acme", "password": "canary-c0ffee42"}},
    "xero": {"auth": CLIENT},
}
"""By definition."""
