"""Incidents: breaks of one cause, as everybody who was told of them sees them."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.core.incidents import IncidentState
from monitor.core.people import Permission
from monitor.incidents.viewing import message_of
from monitor.store.incident_contents import breaks_of
from monitor.store.incidents import list_incidents
from monitor.web.asked import Number
from monitor.web.desk import Desk

MOST_LISTED = 100
"""Incidents on one page."""

_STANDING = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)


def incident_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/incidents")
    def listing(request: Request, over: bool = False) -> HTMLResponse:
        """Those that stand, the newest first; or with `over` also those that ended."""
        states = tuple(IncidentState) if over else _STANDING
        with desk.database.read() as connection:
            found = list_incidents(connection, states, limit=MOST_LISTED)
            drafts = [message_of(connection, desk.estate, each.id) for each in found]
        messages = [each for each in drafts if each is not None]
        return desk.show(request, "incidents.html", messages=messages, over=over, most=MOST_LISTED)

    @routes.get("/incidents/{number}")
    def one(request: Request, number: Number) -> HTMLResponse:
        """One incident, with everything that happened to it."""
        with desk.database.read() as connection:
            message = message_of(connection, desk.estate, number)
            standing, _ = breaks_of(connection, number)
        if message is None:
            return desk.not_found(request, "incident", str(number))
        return desk.show(
            request,
            "incident.html",
            message=message,
            incident=message.incident,
            breaks=standing[:MOST_LISTED],
            people=_handlers(desk),
        )

    return routes


def _handlers(desk: Desk) -> list[str]:
    """Those to whom an incident can be given."""
    everybody = desk.estate.people.everybody()
    return [each.name for each in everybody if Permission.HANDLE in each.permissions]
