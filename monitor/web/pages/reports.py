"""Reports: which were made, what each is of, and who answers for it."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from monitor.acting.acts import Outcome
from monitor.core.errors import Permanent
from monitor.evidence_pack.request import Request as Wanted
from monitor.evidence_pack.request import Subject
from monitor.evidence_pack.signing_off import SignOffRole, find_objection
from monitor.store.audit import append_audit
from monitor.store.reports import list_reports, list_sign_offs, load_report
from monitor.web.asked import Number
from monitor.web.asking import asker_of
from monitor.web.desk import Desk
from monitor.web.forms import Form, form_of
from monitor.web.packs import Packs
from monitor.web.periods import read_period

MOST_LISTED = 100
"""Reports on one page."""

_DOORS = {SignOffRole.PREPARER: "prepare", SignOffRole.REVIEWER: "review"}


def report_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()
    packs = Packs(desk)

    @routes.get("/reports")
    def reports(request: Request) -> HTMLResponse:
        """Reports that were made, the newest first."""
        with desk.database.read() as connection:
            found = list_reports(connection)[:MOST_LISTED]
            signed = {each.id: list_sign_offs(connection, each.id) for each in found}
        return desk.show(
            request,
            "reports.html",
            found=found,
            signed=signed,
            most=MOST_LISTED,
            working=packs.working,
            failures=packs.failures,
            flows=[each.name for each in desk.estate.flows],
            period=read_period("", "", desk.now()),
        )

    @routes.post("/reports")
    async def ask(request: Request) -> Response:
        """Have a report made about a flow or a deal over a period; it goes on meanwhile."""
        return await run_in_threadpool(_ask, desk, packs, request, form_of(request))

    @routes.post("/reports/{number}/download")
    def download(request: Request, number: Number) -> Response:
        """The pack, once it was made again and is the same; who took it stands in the log."""
        with desk.database.read() as connection:
            entry = load_report(connection, number)
        if entry is None:
            return desk.not_found(request, "report", str(number))
        try:
            pack = packs.fetch(entry)
        except Permanent as error:
            told = {f"Report {number}": Outcome(False, str(error))}
            return desk.show(request, "acted.html", code=409, told=told, back=f"/reports/{number}")
        if pack is None:
            return desk.show(request, "making.html", code=202, number=number)
        with desk.database.write() as connection:
            append_audit(
                connection,
                at=desk.now(),
                who=asker_of(request).name or "somebody on the machine",
                action="download report",
                subject=f"report {number}",
                detail={"pack": entry.pack_hash},
            )
        return FileResponse(pack, media_type="application/zip", filename=f"report-{number}.zip")

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


def _ask(desk: Desk, packs: Packs, request: Request, form: Form) -> Response:
    flow, deal, now = form.text("flow"), form.text("deal"), desk.now()
    if desk.estate.flow(flow) is None:
        raise HTTPException(404, "there is no flow of that name")
    try:
        period = read_period(form.text("from"), form.text("to"), now)
        subject = Subject.DEAL if deal else Subject.FLOW
        packs.ask(Wanted(subject, deal or flow, flow, (), *period, now), asker_of(request).name)
    except Permanent as error:
        told = {"Report": Outcome(False, str(error))}
        return desk.show(request, "acted.html", code=409, told=told, back="/reports")
    return RedirectResponse("/reports", status_code=303)
