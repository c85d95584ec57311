"""Desk: what every page is made from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from monitor.estate import Estate
from monitor.scheduler import Daemon
from monitor.store.database import Database
from monitor.store.standing import StandingMemory


@dataclass(frozen=True, slots=True)
class Desk:
    """A running daemon and the templates in which people read of it."""

    daemon: Daemon
    templates: Jinja2Templates

    @property
    def estate(self) -> Estate:
        """As the landscape has it now."""
        return self.daemon.estate

    @property
    def database(self) -> Database:
        """Where everything that is shown comes from."""
        return self.daemon.runtime.database

    @property
    def standing(self) -> StandingMemory:
        """Figures of what stands."""
        return self.daemon.runtime.standing

    def now(self) -> datetime:
        """The present."""
        return self.daemon.runtime.clock()

    def show(
        self, request: Request, template: str, *, code: int = 200, **facts: Any
    ) -> HTMLResponse:
        """A page; templates escape whatever is a value."""
        response: HTMLResponse = self.templates.TemplateResponse(
            request, template, facts, status_code=code
        )
        return response

    def not_found(self, request: Request, what: str, name: str) -> HTMLResponse:
        """The page for something that does not exist."""
        return self.show(request, "not_found.html", code=404, what=what, name=name)
