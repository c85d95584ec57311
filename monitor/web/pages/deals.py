"""Deals: found by any key, and one deal's way through every system."""

from typing import Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.core.breaks import LIVE_STATES
from monitor.core.transactions import TransactionStatus
from monitor.reports.deal import trace_deal
from monitor.reports.listing import list_deals
from monitor.reports.timeline import draw_timeline
from monitor.web.desk import Desk
from monitor.web.places import After, deal_place, write_place

MOST_LISTED = 200
"""Deals on one page."""


def deal_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/transactions")
    def search(
        request: Request,
        q: str = "",
        status: TransactionStatus | Literal[""] = "",
        after: After = "",
    ) -> HTMLResponse:
        """Deals by any key."""
        wanted = status if isinstance(status, TransactionStatus) else None
        found = list_deals(
            desk.estate,
            desk.database,
            desk.now(),
            text=q,
            status=wanted,
            limit=MOST_LISTED + 1,
            after=deal_place(after),
        )
        shown, following = found[:MOST_LISTED], ""
        if len(found) > MOST_LISTED:
            asked = {"q": q, "status": status, "after": write_place(shown[-1].place)}
            following = "/transactions?" + urlencode({n: v for n, v in asked.items() if v})
        return desk.show(
            request,
            "transactions.html",
            found=shown,
            q=q,
            status=wanted,
            statuses=list(TransactionStatus),
            following=following,
        )

    @routes.get("/transactions/{key:path}")
    def deal(request: Request, key: str) -> HTMLResponse:
        """One deal's way through every system."""
        traces = trace_deal(desk.estate, desk.database, key, desk.now())
        if not traces:
            return desk.not_found(request, "deal", key)
        return desk.show(
            request,
            "deal.html",
            traces=[(trace, draw_timeline(trace)) for trace in traces],
            key=key,
            live=LIVE_STATES,
        )

    return routes
