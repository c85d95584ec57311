"""Deals: found by any key, and one deal's way through every system."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from monitor.core.breaks import LIVE_STATES
from monitor.core.transactions import TransactionStatus
from monitor.reports.deal import DealTrace, trace_deal
from monitor.reports.listing import list_deals
from monitor.reports.past_deal import instants_of, trace_as_of
from monitor.reports.timeline import Timeline, draw_timeline
from monitor.web.asked import LARGEST_NUMBER
from monitor.web.asking import asker_of
from monitor.web.desk import Desk
from monitor.web.places import After, deal_place, write_place

MOST_LISTED = 200
"""Deals on one page."""

MOST_INSTANTS = 200
"""Instants among which one is chosen."""


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
            limits=asker_of(request).limits,
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
    def deal(
        request: Request,
        key: str,
        flow: str = "",
        step: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)] = None,
    ) -> HTMLResponse:
        """One deal's way through every system, as it is or as it was known at an instant."""
        traces = trace_deal(desk.estate, desk.database, key, desk.now(), asker_of(request).limits)
        if not traces:
            return desk.not_found(request, "deal", key)
        return desk.show(
            request,
            "deal.html",
            shown=[_show(desk, trace, step if trace.flow == flow else None) for trace in traces],
            key=key,
            live=LIVE_STATES,
        )

    return routes


class Shown(NamedTuple):
    """A deal as a page shows it.

    Attributes:
        trace: its way.
        drawn: the same as a drawing.
        instants: when something about it became known, the newest ones.
        step: which of them is shown, from 1; None: the present.
    """

    trace: DealTrace
    drawn: Timeline
    instants: Sequence[datetime]
    step: int | None


def _show(desk: Desk, trace: DealTrace, step: int | None) -> Shown:
    with desk.database.read() as connection:
        instants = instants_of(connection, trace.flow, trace.key)[-MOST_INSTANTS:]
    if step is None or step > len(instants):
        return Shown(trace, draw_timeline(trace), instants, None)
    at = instants[step - 1]
    past = trace_as_of(desk.estate, desk.database, trace.flow, trace.key, at) or trace
    return Shown(past, draw_timeline(past), instants, step)
