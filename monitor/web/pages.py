"""Pages that people read. Everything shown comes out of the store."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from monitor.core.breaks import LIVE_STATES
from monitor.core.transactions import TransactionStatus
from monitor.explaining.explain import explain
from monitor.indicators.compute import compute_indicators
from monitor.indicators.telling import lines_of
from monitor.reports.deal import trace_deal
from monitor.reports.listing import list_deals
from monitor.reports.overview import look_over
from monitor.scheduler import Daemon

MOST_LISTED = 200
"""Deals on one page."""


def reading_routes(daemon: Daemon, templates: Jinja2Templates) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/")
    def now(request: Request) -> HTMLResponse:
        """What stands, what cannot be seen, what is at risk."""
        runtime = daemon.runtime
        overview = look_over(daemon.estate, runtime.database, runtime.clock())
        return templates.TemplateResponse(request, "now.html", {"overview": overview})

    @routes.get("/indicators")
    def indicators(request: Request) -> HTMLResponse:
        """Business indicators over each flow's own time."""
        runtime = daemon.runtime
        told = compute_indicators(daemon.estate, runtime.database, runtime.clock())
        context = {"told": told, "lines_of": lines_of}
        return templates.TemplateResponse(request, "indicators.html", context)

    @routes.get("/transactions")
    def search(
        request: Request, q: str = "", status: TransactionStatus | Literal[""] = ""
    ) -> Response:
        """Deals by any key."""
        runtime = daemon.runtime
        wanted = status if isinstance(status, TransactionStatus) else None
        found = list_deals(
            daemon.estate,
            runtime.database,
            runtime.clock(),
            text=q,
            status=wanted,
            limit=MOST_LISTED,
        )
        context = {
            "found": found,
            "q": q,
            "status": wanted,
            "statuses": list(TransactionStatus),
            "most": MOST_LISTED,
        }
        return templates.TemplateResponse(request, "transactions.html", context)

    @routes.get("/transactions/{key:path}")
    def deal(request: Request, key: str) -> HTMLResponse:
        """One deal's way through every system."""
        runtime = daemon.runtime
        traces = trace_deal(daemon.estate, runtime.database, key, runtime.clock())
        status = 200 if traces else 404
        context = {"key": key, "traces": traces, "live": LIVE_STATES}
        return templates.TemplateResponse(request, "deal.html", context, status_code=status)

    @routes.get("/breaks/{identifier}")
    def explained(request: Request, identifier: str) -> HTMLResponse:
        """One break: why, since when, who shares it, what to do."""
        runtime = daemon.runtime
        told = explain(daemon.estate, runtime.database, identifier, runtime.clock())
        context = {"identifier": identifier, "told": told, "live": LIVE_STATES}
        status = 200 if told else 404
        return templates.TemplateResponse(request, "break.html", context, status_code=status)

    return routes
