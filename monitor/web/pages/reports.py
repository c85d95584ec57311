"""Reports: which were made, what each is of, and who answers for it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.evidence_pack.signing_off import SignOffRole, find_objection
from monitor.store.reports import list_reports, list_sign_offs, load_report
from monitor.web.asked import Number
from monitor.web.asking import asker_of
from monitor.web.desk import Desk

MOST_LISTED = 100
"""Reports on one page."""

_DOORS = {SignOffRole.PREPARER: "prepare", SignOffRole.REVIEWER: "review"}


def report_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/reports")
    def reports(request: Request) -> HTMLResponse:
        """Reports that were made, the newest first."""
        with desk.database.read() as connection:
            found = list_reports(connection)[:MOST_LISTED]
            signed = {each.id: list_sign_offs(connection, each.id) for each in found}
        return desk.show(request, "reports.html", found=found, signed=signed, most=MOST_LISTED)

    @routes.get("/reports/{number}")
    def report(request: Request, number: Number) -> HTMLResponse:
        """One report: what was asked, the hashes of what was handed over, who signed."""
        with desk.database.read() as connection:
            entry = load_report(connection, number)
            signed = list_sign_offs(connection, number)
        if entry is None:
            return desk.not_found(request, "report", str(number))
        who = asker_of(request).name
        roles = {role: (_DOORS[role], find_objection(role, who, signed)) for role in SignOffRole}
        return desk.show(
            request,
            "report.html",
            entry=entry,
            signed=signed,
            roles=roles,
        )

    return routes
