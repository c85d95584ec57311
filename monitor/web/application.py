"""Routes. Everything shown comes out of the store; nothing here changes a record."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.templating import Jinja2Templates
from starlette.middleware.trustedhost import TrustedHostMiddleware

from monitor.config.issues import ConfigurationError
from monitor.core.breaks import LIVE_STATES
from monitor.core.errors import TieoutError
from monitor.core.transactions import TransactionStatus
from monitor.explaining.explain import explain
from monitor.indicators.compute import compute_indicators
from monitor.indicators.telling import lines_of
from monitor.reports.deal import trace_deal
from monitor.reports.listing import list_deals
from monitor.reports.overview import look_over
from monitor.reports.showing import show_minute, show_money, show_text, show_value
from monitor.scheduler import Daemon
from monitor.web.readiness import Readiness

MOST_LISTED = 200
"""Deals on one page."""

_ROOM = Path(__file__).parent
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def create_application(daemon: Daemon) -> FastAPI:
    """The web application of a running daemon."""
    application = FastAPI(title="tieout", docs_url=None, redoc_url=None, openapi_url=None)
    templates = Jinja2Templates(directory=_ROOM / "templates")
    templates.env.filters |= {
        "minute": show_minute,
        "money": show_money,
        "value": show_value,
        "text": show_text,
    }
    _protect(application, daemon)
    _add_management(application, daemon)
    _add_pages(application, daemon, templates)
    return application


def _protect(application: FastAPI, daemon: Daemon) -> None:
    # A name that somebody else made point here must not read the pages in a visitor's browser.
    public = urlsplit(daemon.estate.address).hostname
    hosts = [*_LOOPBACK, public] if public else list(_LOOPBACK)
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)

    @application.middleware("http")
    async def protect(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Nothing from elsewhere runs or is framed here, and nothing is kept."""
        response: Response = await answer(request)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    @application.exception_handler(TieoutError)
    def unavailable(_request: Request, error: TieoutError) -> PlainTextResponse:
        """The store failed: nothing is known, which is not the same as nothing."""
        return PlainTextResponse(f"not available: {error}\n", status_code=503)


def _add_management(application: FastAPI, daemon: Daemon) -> None:
    readiness = Readiness(daemon.runtime.database.check_writable)

    @application.get("/-/healthy")
    def healthy() -> PlainTextResponse:
        """The process answers."""
        return PlainTextResponse("tieout is healthy\n")

    @application.get("/-/ready")
    def ready() -> PlainTextResponse:
        """The store answers and takes writes."""
        failure = readiness.failure()
        if failure is not None:
            return PlainTextResponse(f"not ready: {failure}\n", status_code=503)
        return PlainTextResponse("tieout is ready\n")

    @application.post("/-/reload")
    def reload() -> Response:
        """Load the landscape anew; a bad one is refused and the old one runs on."""
        refused = daemon.reload()
        if refused is None:
            return PlainTextResponse("landscape reloaded\n")
        issues = refused.issues if isinstance(refused, ConfigurationError) else (refused,)
        return JSONResponse(
            {
                "error": "landscape refused",
                "reason": refused.reason,
                "issues": [str(each) for each in issues],
            },
            status_code=400,
        )

    @application.get("/metrics")
    def metrics(request: Request) -> Response:
        """Every series, in the format that the caller accepts."""
        body, content_type = daemon.runtime.metrics.expose(request.headers.get("accept", ""))
        return Response(body, media_type=content_type)


def _add_pages(application: FastAPI, daemon: Daemon, templates: Jinja2Templates) -> None:
    @application.get("/")
    def now(request: Request) -> HTMLResponse:
        """What stands, what cannot be seen, what is at risk."""
        runtime = daemon.runtime
        overview = look_over(daemon.estate, runtime.database, runtime.clock())
        return templates.TemplateResponse(request, "now.html", {"overview": overview})

    @application.get("/indicators")
    def indicators(request: Request) -> HTMLResponse:
        """Business indicators over each flow's own time."""
        runtime = daemon.runtime
        told = compute_indicators(daemon.estate, runtime.database, runtime.clock())
        context = {"told": told, "lines_of": lines_of}
        return templates.TemplateResponse(request, "indicators.html", context)

    @application.get("/transactions")
    def search(
        request: Request, q: str = "", status: TransactionStatus | Literal[""] = ""
    ) -> Response:
        """Deals by any key."""
        runtime = daemon.runtime
        wanted = status if isinstance(status, TransactionStatus) else None
        found = list_deals(
            daemon.estate,
            runtime.database,
            runtime.clock(),
            text=q,
            status=wanted,
            limit=MOST_LISTED,
        )
        context = {
            "found": found,
            "q": q,
            "status": wanted,
            "statuses": list(TransactionStatus),
            "most": MOST_LISTED,
        }
        return templates.TemplateResponse(request, "transactions.html", context)

    @application.get("/transactions/{key:path}")
    def deal(request: Request, key: str) -> HTMLResponse:
        """One deal's way through every system."""
        runtime = daemon.runtime
        traces = trace_deal(daemon.estate, runtime.database, key, runtime.clock())
        status = 200 if traces else 404
        context = {"key": key, "traces": traces, "live": LIVE_STATES}
        return templates.TemplateResponse(request, "deal.html", context, status_code=status)

    @application.get("/breaks/{identifier}")
    def explained(request: Request, identifier: str) -> HTMLResponse:
        """One break: why, since when, who shares it, what to do."""
        runtime = daemon.runtime
        told = explain(daemon.estate, runtime.database, identifier, runtime.clock())
        context = {"identifier": identifier, "told": told, "live": LIVE_STATES}
        status = 200 if told else 404
        return templates.TemplateResponse(request, "break.html", context, status_code=status)

    @application.get("/style.css")
    def style() -> FileResponse:
        """The one style sheet."""
        return FileResponse(_ROOM / "static" / "style.css", media_type="text/css")
