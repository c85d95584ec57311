"""Corrections: plans with every write before and after, and what became of each."""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.core.corrections import CorrectionState, PlanState
from monitor.core.errors import Permanent, Reason
from monitor.correcting.recalling import recall_plan
from monitor.reports.corrected import tell_correction
from monitor.store.corrections import (
    corrections_of,
    list_corrections,
    load_correction,
    steps_of,
)
from monitor.store.halts import load_halt
from monitor.store.plans import list_plans
from monitor.web.asked import Number
from monitor.web.desk import Desk

MOST_LISTED = 100
"""Plans, or corrections, on one page."""

_UNNAMED = frozenset({Reason.REFUSED, Reason.NOT_FOUND})


def plan_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/plans")
    def plans(request: Request, state: PlanState | Literal[""] = "") -> HTMLResponse:
        """Plans, the newest first, and whether corrections are stopped."""
        states = [PlanState(state)] if state else ()
        with desk.database.read() as connection:
            found = list_plans(connection, states=states, limit=MOST_LISTED)
            halt = load_halt(connection)
        return desk.show(
            request,
            "plans.html",
            found=found,
            halt=halt,
            state=state,
            states=list(PlanState),
            most=MOST_LISTED,
        )

    @routes.get("/plans/{name}")
    def plan(request: Request, name: str) -> HTMLResponse:
        """One plan: every write before and after, and what people said of it."""
        try:
            told = recall_plan(desk.estate, desk.database, name, desk.now)
        except Permanent as error:
            if error.reason in _UNNAMED:
                return desk.not_found(request, "plan", name)
            raise
        with desk.database.read() as connection:
            done = {each.fingerprint: each for each in corrections_of(connection, told.plan.hash)}
        return desk.show(request, "plan.html", told=told, plan=told.plan, done=done)

    @routes.get("/corrections")
    def corrections(request: Request, state: CorrectionState | Literal[""] = "") -> HTMLResponse:
        """Corrections, the newest first."""
        states = [CorrectionState(state)] if state else ()
        with desk.database.read() as connection:
            found = list_corrections(connection, states=states, limit=MOST_LISTED)
        return desk.show(
            request,
            "corrections.html",
            found=[(each, tell_correction(each)) for each in found],
            state=state,
            states=list(CorrectionState),
            most=MOST_LISTED,
        )

    @routes.get("/corrections/{number}")
    def correction(request: Request, number: Number) -> HTMLResponse:
        """One correction, and every step that led to where it is."""
        with desk.database.read() as connection:
            entry = load_correction(connection, number)
            steps = steps_of(connection, number)
        if entry is None:
            return desk.not_found(request, "correction", str(number))
        return desk.show(request, "correction.html", entry=entry, steps=steps)

    return routes
