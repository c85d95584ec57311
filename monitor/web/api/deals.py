"""Deals, how things stand, and the indicators, as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request

from monitor.core.transactions import TransactionStatus
from monitor.indicators.telling import indicators_as_json
from monitor.reports.deal import trace_deal
from monitor.reports.listing import list_deals
from monitor.reports.overview import look_over
from monitor.web.api.answers import DealAnswer, StandingAnswer, TraceAnswer
from monitor.web.api.parts import NOT_FOUND, Limit, Part, part_of
from monitor.web.api.tagged import TaggedRoute
from monitor.web.asking import asker_of
from monitor.web.desk import Desk
from monitor.web.places import After, deal_place, write_place


def deal_api(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter(route_class=TaggedRoute, tags=["deals"])

    @routes.get("/now")
    def now() -> StandingAnswer:
        """What stands, what cannot be seen, what is at risk."""
        overview = look_over(
            desk.estate, desk.database, desk.now(), recall=desk.standing.recall, most=0
        )
        told = overview.as_json()
        names = ("at", "transactions", "value_at_risk", "blind", "failures", "quarantine")
        return StandingAnswer(
            **{name: told[name] for name in names},
            breaks=overview.count,
            suppressed=overview.suppressed_count,
            suppressed_at_risk=told["suppressed"]["value_at_risk"],
        )

    @routes.get("/indicators")
    def indicators() -> list[dict[str, Any]]:
        """Business indicators of each flow over its own time."""
        told = desk.daemon.runtime.indicators.recall(desk.estate, desk.database, desk.now())
        return indicators_as_json(told.flows)

    @routes.get("/transactions")
    def search(
        request: Request,
        q: Annotated[str, Query(description="How a key starts, or a record's key or id.")] = "",
        status: TransactionStatus | None = None,
        limit: Limit = 100,
        after: After = "",
    ) -> Part[DealAnswer]:
        """Deals by flow and key."""
        found = list_deals(
            desk.estate,
            desk.database,
            desk.now(),
            text=q,
            status=status,
            limit=limit + 1,
            after=deal_place(after),
            limits=asker_of(request).limits,
        )
        answers = [DealAnswer.model_validate(each.as_json()) for each in found]
        return part_of(request, answers, limit, lambda at: write_place(found[at].place))

    @routes.get("/transactions/{key:path}", responses=dict(NOT_FOUND))
    def trace(request: Request, key: str) -> list[TraceAnswer]:
        """The deals that this key finds, each with its way through every system."""
        traces = trace_deal(desk.estate, desk.database, key, desk.now(), asker_of(request).limits)
        if not traces:
            raise HTTPException(404, "no deal is called so")
        return [TraceAnswer.model_validate(each.as_json()) for each in traces]

    return routes
