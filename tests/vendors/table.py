"""Every vendor's stand-in, by the definition that reads it."""

from collections.abc import Mapping

from tests.vendors.boomi import Boomi
from tests.vendors.docusign import DocuSign
from tests.vendors.erpnext import ErpNext
from tests.vendors.hubspot import HubSpot
from tests.vendors.ironclad import Ironclad
from tests.vendors.jira import Jira
from tests.vendors.kantata import Kantata
from tests.vendors.microsoft import BusinessCentral, Dataverse, Graph
from tests.vendors.netsuite import NetSuite
from tests.vendors.odoo import Odoo
from tests.vendors.okta import Okta
from tests.vendors.quickbooks import QuickBooks
from tests.vendors.salesforce import Certinia, Cpq, Salesforce
from tests.vendors.sap import Sap
from tests.vendors.servicenow import ServiceNow
from tests.vendors.vendor import Vendor
from tests.vendors.workday import Workday
from tests.vendors.xero import Xero

VENDORS: Mapping[str, type[Vendor]] = {
    "boomi": Boomi,
    "business_central": BusinessCentral,
    "docusign": DocuSign,
    "certinia": Certinia,
    "dynamics365": Dataverse,
    "erpnext": ErpNext,
    "hubspot": HubSpot,
    "ironclad": Ironclad,
    "jira": Jira,
    "kantata": Kantata,
    "microsoft_graph": Graph,
    "netsuite": NetSuite,
    "odoo": Odoo,
    "okta": Okta,
    "quickbooks": QuickBooks,
    "sap_s4hana": Sap,
    "salesforce": Salesforce,
    "salesforce_cpq": Cpq,
    "servicenow": ServiceNow,
    "workday": Workday,
    "xero": Xero,
}
