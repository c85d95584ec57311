"""Plans, corrections and the audit log as JSON."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from monitor.core.corrections import CorrectionState, PlanState
from monitor.core.errors import Permanent, Reason
from monitor.correcting.recalling import recall_plan
from monitor.reports.corrected import correction_as_json
from monitor.reports.planned import entry_as_json
from monitor.store.audit_log import list_audit
from monitor.store.corrections import list_corrections, load_correction, steps_of
from monitor.store.plans import list_plans
from monitor.web.api.answers import (
    AuditAnswer,
    CorrectionAnswer,
    PlanAnswer,
    PlanEntryAnswer,
)
from monitor.web.api.parts import NOT_FOUND, Limit
from monitor.web.api.tagged import TaggedRoute
from monitor.web.asked import LARGEST_NUMBER, Number
from monitor.web.desk import Desk

_UNNAMED = frozenset({Reason.REFUSED, Reason.NOT_FOUND})


def correction_api(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter(route_class=TaggedRoute, tags=["corrections"])

    @routes.get("/plans")
    def plans(
        flow: str | None = None,
        state: Annotated[list[PlanState] | None, Query()] = None,
        limit: Limit = 100,
    ) -> list[PlanEntryAnswer]:
        """Plans, the newest first."""
        with desk.database.read() as connection:
            found = list_plans(connection, flow=flow, states=state or (), limit=limit)
        return [PlanEntryAnswer.model_validate(entry_as_json(each)) for each in found]

    @routes.get("/plans/{name}", responses=dict(NOT_FOUND))
    def plan(name: str) -> PlanAnswer:
        """One plan by its hash, or by twelve digits of it or more."""
        try:
            told = recall_plan(desk.estate, desk.database, name, desk.now)
        except Permanent as error:
            if error.reason in _UNNAMED:
                raise HTTPException(404, "no plan is called so") from None
            raise
        return PlanAnswer.model_validate(told.as_json())

    @routes.get("/corrections")
    def corrections(
        state: Annotated[list[CorrectionState] | None, Query()] = None, limit: Limit = 100
    ) -> list[CorrectionAnswer]:
        """Corrections, the newest first, without their steps."""
        with desk.database.read() as connection:
            found = list_corrections(connection, states=state or (), limit=limit)
        return [CorrectionAnswer.model_validate(correction_as_json(each)) for each in found]

    @routes.get("/corrections/{number}", responses=dict(NOT_FOUND))
    def correction(number: Number) -> CorrectionAnswer:
        """One correction, and every step that led to where it is."""
        with desk.database.read() as connection:
            entry = load_correction(connection, number)
            steps = steps_of(connection, number)
        if entry is None:
            raise HTTPException(404, "no correction has this number")
        return CorrectionAnswer.model_validate(correction_as_json(entry, steps))

    @routes.get("/audit")
    def audit(
        who: str = "",
        action: str = "",
        subject: Annotated[str, Query(description="How it starts.")] = "",
        before: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)] = None,
        limit: Limit = 100,
    ) -> list[AuditAnswer]:
        """Entries of the audit log, the newest first; `before` goes on from an older one."""
        with desk.database.read() as connection:
            found = list_audit(
                connection, who=who, action=action, subject=subject, before=before, limit=limit
            )
        return [AuditAnswer.model_validate(asdict(each)) for each in found]

    return routes
