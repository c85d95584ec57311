"""Breaks: the queue with its owners and ages, and one break explained."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from monitor.core.breaks import LIVE_STATES, BreakKind, BreakState, Severity
from monitor.explaining.explain import explain
from monitor.store.break_queue import loads_by_owner
from monitor.store.breaks import list_breaks
from monitor.web.desk import Desk

MOST_LISTED = 100
"""Breaks on one page."""


class Filters(BaseModel):
    """What of the queue is shown; what is empty lets everything through."""

    kind: BreakKind | Literal[""] = ""
    state: BreakState | Literal[""] = ""
    severity: Severity | Literal[""] = ""
    system: str = ""
    owner: str = ""
    flow: str = ""
    page: int = Field(default=1, ge=1, le=100_000)

    def address(self, page: int) -> str:
        """Of another page of the same."""
        named = {
            name: getattr(self, name)
            for name in ("kind", "state", "severity", "system", "owner", "flow")
            if getattr(self, name)
        }
        return "/breaks?" + urlencode({**named, "page": page})


def break_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/breaks")
    def queue(request: Request, asked: Annotated[Filters, Query()]) -> HTMLResponse:
        """Breaks that stand, the oldest first, and who holds how many of what age."""
        with desk.database.read() as connection:
            found = list_breaks(
                connection,
                flow=asked.flow or None,
                owner=asked.owner or None,
                states=[BreakState(asked.state)] if asked.state else LIVE_STATES,
                kinds=[BreakKind(asked.kind)] if asked.kind else (),
                severities=[Severity(asked.severity)] if asked.severity else (),
                systems=[asked.system] if asked.system else (),
                limit=MOST_LISTED + 1,
                offset=(asked.page - 1) * MOST_LISTED,
            )
            loads = loads_by_owner(connection, desk.now())
        return desk.show(
            request,
            "queue.html",
            found=found[:MOST_LISTED],
            is_more=len(found) > MOST_LISTED,
            asked=asked,
            loads=loads,
            kinds=list(BreakKind),
            states=[each for each in BreakState if each in LIVE_STATES],
            severities=list(Severity),
            systems=sorted({each.system for each in desk.estate.sources}),
            flows=[each.name for each in desk.estate.flows],
        )

    @routes.get("/breaks/{identifier}")
    def explained(request: Request, identifier: str) -> HTMLResponse:
        """One break: why, since when, who shares it, what to do."""
        told = explain(desk.estate, desk.database, identifier, desk.now())
        if told is None:
            return desk.not_found(request, "break", identifier)
        return desk.show(request, "break.html", told=told, identifier=identifier, live=LIVE_STATES)

    return routes
