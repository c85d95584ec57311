"""Routes. Everything shown comes out of the store; nothing here changes a record."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.templating import Jinja2Templates

from monitor.core.breaks import LIVE_STATES
from monitor.core.errors import TieoutError
from monitor.core.transactions import TransactionStatus, shown_status
from monitor.reports.deal import trace_deal
from monitor.reports.overview import look_over
from monitor.scheduler import Daemon
from monitor.sight import see
from monitor.store.trace import find_transactions

MOST_LISTED = 200
"""Deals on one page."""

_ROOM = Path(__file__).parent


def create_application(daemon: Daemon) -> FastAPI:
    """The web application of a running daemon."""
    application = FastAPI(title="tieout", docs_url=None, redoc_url=None, openapi_url=None)
    templates = Jinja2Templates(directory=_ROOM / "templates")
    _add_management(application, daemon)
    _add_pages(application, daemon, templates)
    return application


def _add_management(application: FastAPI, daemon: Daemon) -> None:
    @application.get("/-/healthy")
    def healthy() -> PlainTextResponse:
        """The process answers."""
        return PlainTextResponse("tieout is healthy\n")

    @application.get("/-/ready")
    def ready() -> PlainTextResponse:
        """The store answers and takes writes."""
        try:
            daemon.runtime.database.check_writable()
        except TieoutError as error:
            return PlainTextResponse(f"not ready: {error.reason}\n", status_code=503)
        return PlainTextResponse("tieout is ready\n")

    @application.post("/-/reload")
    def reload() -> Response:
        """Load the landscape anew; a bad one is refused and the old one runs on."""
        refused = daemon.reload()
        if refused is None:
            return PlainTextResponse("landscape reloaded\n")
        return JSONResponse(
            {"error": "landscape refused", "reason": refused.reason, "detail": str(refused)},
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

    @application.get("/transactions")
    def search(request: Request, q: str = "", status: TransactionStatus | None = None) -> Response:
        """Deals by any key."""
        runtime, estate = daemon.runtime, daemon.estate
        blind = see(estate, runtime.database, runtime.clock()).blind
        dark = {flow.name: bool(flow.needs & blind.keys()) for flow in estate.flows}
        with runtime.database.read() as connection:
            rows = find_transactions(connection, text=q, status=status, limit=MOST_LISTED)
        found = [(row, shown_status(row.status, is_blind=dark.get(row.flow, True))) for row in rows]
        context = {"found": found, "q": q, "status": status, "statuses": list(TransactionStatus)}
        return templates.TemplateResponse(request, "transactions.html", context)

    @application.get("/transactions/{key:path}")
    def deal(request: Request, key: str) -> HTMLResponse:
        """One deal's way through every system."""
        runtime = daemon.runtime
        traces = trace_deal(daemon.estate, runtime.database, key, runtime.clock())
        status = 200 if traces else 404
        context = {"key": key, "traces": traces, "live": LIVE_STATES}
        return templates.TemplateResponse(request, "deal.html", context, status_code=status)

    @application.get("/style.css")
    def style() -> FileResponse:
        """The one style sheet."""
        return FileResponse(_ROOM / "static" / "style.css", media_type="text/css")

    @application.middleware("http")
    async def protect(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Nothing from elsewhere runs or is framed here."""
        response: Response = await answer(request)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
