"""Breaks and incidents as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request

from monitor.core.breaks import LIVE_STATES, BreakKind, BreakState, Severity
from monitor.core.incidents import IncidentState
from monitor.explaining.explain import explain
from monitor.incidents.viewing import message_of
from monitor.reports.incident_list import incident_as_json
from monitor.reports.overview import break_as_json
from monitor.store.breaks import list_breaks, place_of
from monitor.store.incidents import list_incidents
from monitor.web.api.answers import BreakAnswer, IncidentAnswer
from monitor.web.api.parts import NOT_FOUND, Limit, Part, part_of
from monitor.web.api.tagged import TaggedRoute
from monitor.web.asked import Number
from monitor.web.asking import asker_of
from monitor.web.desk import Desk
from monitor.web.places import After, break_place, write_place

_STANDING = [each for each in BreakState if each in LIVE_STATES]
_GOING_ON = [IncidentState.OPEN, IncidentState.ACKNOWLEDGED]


def break_api(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter(route_class=TaggedRoute, tags=["breaks"])

    @routes.get("/breaks")
    def queue(
        request: Request,
        state: Annotated[list[BreakState] | None, Query()] = None,
        kind: Annotated[list[BreakKind] | None, Query()] = None,
        severity: Annotated[list[Severity] | None, Query()] = None,
        system: Annotated[list[str] | None, Query()] = None,
        owner: str | None = None,
        flow: str | None = None,
        transaction: str | None = None,
        limit: Limit = 100,
        after: After = "",
    ) -> Part[BreakAnswer]:
        """Breaks, the oldest first; those that stand where no state is named."""
        with desk.database.read() as connection:
            found = list_breaks(
                connection,
                flow=flow,
                states=state or _STANDING,
                kinds=kind or (),
                severities=severity or (),
                systems=system or (),
                owner=owner,
                transaction=transaction,
                limit=limit + 1,
                after=break_place(after),
                limits=asker_of(request).limits,
            )
        answers = [BreakAnswer.model_validate(break_as_json(each)) for each in found]
        return part_of(request, answers, limit, lambda at: write_place(place_of(found[at])))

    @routes.get("/breaks/{identifier}", responses=dict(NOT_FOUND))
    def explained(request: Request, identifier: str) -> dict[str, Any]:
        """One break: why, since when, who shares it, what to do."""
        # In full it counts what other deals share, whosever they are.
        full = asker_of(request).limits is None
        told = explain(desk.estate, desk.database, identifier, desk.now(), in_full=full)
        if told is None:
            raise HTTPException(404, "no break is called so")
        return told.as_json()

    @routes.get("/incidents")
    def incidents(
        state: Annotated[list[IncidentState] | None, Query()] = None, limit: Limit = 100
    ) -> list[IncidentAnswer]:
        """Incidents, the newest first; those that go on where no state is named."""
        with desk.database.read() as connection:
            found = list_incidents(connection, state or _GOING_ON, limit=limit)
            drafts = [message_of(connection, desk.estate, each.id) for each in found]
        return [
            IncidentAnswer.model_validate(incident_as_json(each))
            for each in drafts
            if each is not None
        ]

    @routes.get("/incidents/{number}", responses=dict(NOT_FOUND))
    def incident(number: Number) -> IncidentAnswer:
        """One incident with everything that happened to it."""
        with desk.database.read() as connection:
            message = message_of(connection, desk.estate, number)
        if message is None:
            raise HTTPException(404, "no incident has this number")
        return IncidentAnswer.model_validate(incident_as_json(message))

    return routes
