"""Controls: what auditors rely on, whether it ran, what it found, and how its rules changed."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from monitor.controls.cards import read_card, read_cards
from monitor.controls.telling import tell_change
from monitor.web.desk import Desk
from monitor.web.periods import Day, read_period

From = Annotated[Day, Query(alias="from")]


def control_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/controls")
    def controls(request: Request, since: From = "", to: Day = "") -> HTMLResponse:
        """Every control's card in short."""
        period = read_period(since, to, desk.now())
        with desk.database.read() as connection:
            cards = read_cards(connection, desk.estate, *period)
        return desk.show(request, "controls.html", cards=cards, period=period)

    @routes.get("/controls/{name}")
    def control(request: Request, name: str, since: From = "", to: Day = "") -> HTMLResponse:
        """One control's card."""
        if name not in desk.estate.controls:
            return desk.not_found(request, "control", name)
        period = read_period(since, to, desk.now())
        with desk.database.read() as connection:
            card = read_card(connection, desk.estate, name, *period)
        return desk.show(request, "control.html", card=card, period=period, tell_change=tell_change)

    return routes
