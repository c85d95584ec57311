"""Breaks: the queue with its owners and ages, and one break explained."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from monitor.core.breaks import LIVE_STATES, BreakKind, BreakState, Severity
from monitor.explaining.explain import explain
from monitor.store.breaks import list_breaks, place_of
from monitor.web.asking import asker_of
from monitor.web.desk import Desk
from monitor.web.places import LONGEST, break_place, write_place

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
    after: str = Field(default="", max_length=LONGEST)

    def address(self, after: str) -> str:
        """Of the part of the same that begins after a place."""
        named = {
            name: getattr(self, name)
            for name in ("kind", "state", "severity", "system", "owner", "flow")
            if getattr(self, name)
        }
        return "/breaks?" + urlencode({**named, "after": after})


def break_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/breaks")
    def queue(request: Request, asked: Annotated[Filters, Query()]) -> HTMLResponse:
        """Breaks that stand, the oldest first, and who holds how many of what age."""
        limits = asker_of(request).limits
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
                after=break_place(asked.after),
                limits=limits,
            )
            # They count everybody's breaks.
            loads = desk.standing.recall(connection).loads(desk.now()) if limits is None else []
        shown = found[:MOST_LISTED]
        return desk.show(
            request,
            "queue.html",
            found=shown,
            following=asked.address(write_place(place_of(shown[-1])))
            if len(found) > MOST_LISTED
            else "",
            asked=asked,
            loads=loads,
            kinds=list(BreakKind),
            states=[each for each in BreakState if each in LIVE_STATES],
            severities=list(Severity),
            systems=sorted({each.system for each in desk.estate.sources}),
            flows=[each.name for each in desk.estate.flows],
        )

    @routes.get("/breaks/{identifier}")
    def explained(request: Request, identifier: str, full: bool = False) -> HTMLResponse:
        """One break: why, since when, what to do; since when and who shares it where asked."""
        # In full it counts what other deals share, whosever they are.
        full = full and asker_of(request).limits is None
        told = explain(desk.estate, desk.database, identifier, desk.now(), in_full=full)
        if told is None:
            return desk.not_found(request, "break", identifier)
        return desk.show(
            request, "break.html", told=told, identifier=identifier, full=full, live=LIVE_STATES
        )

    return routes
