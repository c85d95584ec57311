"""The audit log: who did what, and whether the chain holds."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from monitor.store.audit import audit_head, verify_audit
from monitor.store.audit_log import list_audit
from monitor.web.asked import LARGEST_NUMBER
from monitor.web.desk import Desk

MOST_LISTED = 100
"""Entries on one page."""


class Filters(BaseModel):
    """Which entries are shown; what is empty lets everything through."""

    who: str = ""
    action: str = ""
    subject: str = ""
    before: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)

    def address(self, before: int) -> str:
        """Of older entries of the same."""
        named = {"who": self.who, "action": self.action, "subject": self.subject}
        return "/audit?" + urlencode({**{n: v for n, v in named.items() if v}, "before": before})


def audit_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/audit")
    def log(request: Request, asked: Annotated[Filters, Query()]) -> HTMLResponse:
        """Entries, the newest first."""
        with desk.database.read() as connection:
            found = list_audit(connection, **asked.model_dump(), limit=MOST_LISTED + 1)
            head = audit_head(connection)
        shown = found[:MOST_LISTED]
        older = asked.address(shown[-1].sequence) if len(found) > MOST_LISTED else ""
        return desk.show(request, "audit.html", found=shown, older=older, asked=asked, head=head)

    @routes.get("/audit/chain")
    def chain(request: Request) -> HTMLResponse:
        """Every entry's hash computed anew."""
        with desk.database.read() as connection:
            head, broken = audit_head(connection), verify_audit(connection)
        return desk.show(request, "chain.html", head=head, broken=broken)

    return routes
