"""Pages that people read, a file for each subject. Everything shown comes out of the store."""

from collections.abc import Callable

from fastapi import APIRouter

from monitor.web.desk import Desk
from monitor.web.pages.acting import acting_routes
from monitor.web.pages.audit import audit_routes
from monitor.web.pages.breaks import break_routes
from monitor.web.pages.configuration import configuration_routes
from monitor.web.pages.controls import control_routes
from monitor.web.pages.deals import deal_routes
from monitor.web.pages.duplicates import duplicate_routes
from monitor.web.pages.incidents import incident_routes
from monitor.web.pages.overview import overview_routes
from monitor.web.pages.plans import plan_routes
from monitor.web.pages.reports import report_routes

PAGES: tuple[Callable[[Desk], APIRouter], ...] = (
    overview_routes,
    deal_routes,
    break_routes,
    incident_routes,
    plan_routes,
    audit_routes,
    duplicate_routes,
    control_routes,
    report_routes,
    configuration_routes,
    acting_routes,
)
"""Every room of the page."""
