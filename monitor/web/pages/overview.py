"""How things stand as a whole: now, and over each flow's own time."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.indicators.telling import lines_of
from monitor.reports.overview import look_over
from monitor.web.desk import Desk

MOST_LISTED = 100
"""Breaks on the page; the queue has them all."""


def overview_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/")
    def now(request: Request) -> HTMLResponse:
        """What stands, what cannot be seen, what is at risk."""
        overview = look_over(
            desk.estate,
            desk.database,
            desk.now(),
            recall=desk.standing.recall,
            most=MOST_LISTED,
        )
        return desk.show(request, "now.html", overview=overview)

    @routes.get("/indicators")
    def indicators(request: Request) -> HTMLResponse:
        """Business indicators over each flow's own time."""
        told = desk.daemon.runtime.indicators.recall(desk.estate, desk.database, desk.now())
        return desk.show(request, "indicators.html", told=told.flows, at=told.at, lines_of=lines_of)

    return routes
