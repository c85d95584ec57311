"""Deals, how things stand, and the indicators, as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request

from monitor.core.transactions import TransactionStatus
from monitor.indicators.compute import compute_indicators
from monitor.indicators.telling import indicators_as_json
from monitor.reports.deal import trace_deal
from monitor.reports.listing import list_deals
from monitor.reports.overview import look_over
from monitor.web.api.answers import DealAnswer, StandingAnswer, TraceAnswer
from monitor.web.api.parts import NOT_FOUND, Limit, Offset, Part, part_of
from monitor.web.api.tagged import TaggedRoute
from monitor.web.desk import Desk


def deal_api(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter(route_class=TaggedRoute, tags=["deals"])

    @routes.get("/now")
    def now() -> StandingAnswer:
        """What stands, what cannot be seen, what is at risk."""
        overview = look_over(desk.estate, desk.database, desk.now())
        told = overview.as_json()
        names = ("at", "transactions", "value_at_risk", "blind", "failures", "quarantine")
        return StandingAnswer(
            **{name: told[name] for name in names},
            breaks=len(overview.breaks),
            suppressed=len(overview.suppressed),
            suppressed_at_risk=told["suppressed"]["value_at_risk"],
        )

    @routes.get("/indicators")
    def indicators() -> list[dict[str, Any]]:
        """Business indicators of each flow over its own time."""
        return indicators_as_json(compute_indicators(desk.estate, desk.database, desk.now()))

    @routes.get("/transactions")
    def search(
        request: Request,
        q: Annotated[str, Query(description="Part of a key, or a record's key or id.")] = "",
        status: TransactionStatus | None = None,
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> Part[DealAnswer]:
        """Deals by flow and key."""
        found = list_deals(
            desk.estate,
            desk.database,
            desk.now(),
            text=q,
            status=status,
            limit=offset + limit + 1,
        )
        answers = [DealAnswer.model_validate(each.as_json()) for each in found[offset:]]
        return part_of(request, answers, limit, offset)

    @routes.get("/transactions/{key:path}", responses=dict(NOT_FOUND))
    def trace(key: str) -> list[TraceAnswer]:
        """The deals that this key finds, each with its way through every system."""
        traces = trace_deal(desk.estate, desk.database, key, desk.now())
        if not traces:
            raise HTTPException(404, "no deal is called so")
        return [TraceAnswer.model_validate(each.as_json()) for each in traces]

    return routes
