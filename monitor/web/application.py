"""The web application: pages for people, and what machines ask for."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse

from monitor.scheduler import Daemon
from monitor.version import VERSION
from monitor.web.api import API, PREFIX
from monitor.web.desk import Desk
from monitor.web.forms import MOST_BYTES
from monitor.web.gate import Gate
from monitor.web.guarding import GUARDS, Identify, post_guard
from monitor.web.log_in import log_in_routes
from monitor.web.management import management_routes
from monitor.web.pages import PAGES
from monitor.web.protection import protect_application
from monitor.web.slack import slack_routes
from monitor.web.templating import make_templates

_ROOM = Path(__file__).parent


def create_application(daemon: Daemon, identify: Identify | None = None) -> FastAPI:
    """The web application of a running daemon.

    Args:
        daemon: whose store it shows.
        identify: who asks; None: found out from sessions and tokens.

    Raises:
        LookupError: of some route nobody has said who may ask for it.
    """
    # The description is a route like the others, so that it is guarded like them.
    application = FastAPI(
        title="tieout",
        version=VERSION,
        openapi_url=None,
        dependencies=GUARDS,
        max_body_size=MOST_BYTES,
    )
    protect_application(application, daemon.estate.address, lambda: bool(daemon.estate.people))
    application.include_router(management_routes(daemon), include_in_schema=False)
    application.include_router(slack_routes(daemon), include_in_schema=False)
    desk = Desk(daemon, make_templates())
    application.include_router(log_in_routes(desk), include_in_schema=False)
    for routes in PAGES:
        application.include_router(routes(desk), include_in_schema=False)
    for routes in API:
        application.include_router(routes(desk), prefix=PREFIX)

    @application.get("/style.css", include_in_schema=False)
    def style() -> FileResponse:
        """The one style sheet."""
        return FileResponse(_ROOM / "static" / "style.css", media_type="text/css")

    @application.get(f"{PREFIX}/openapi.json", include_in_schema=False)
    def description() -> dict[str, Any]:
        """Every route of the API, its filters and its answers."""
        return application.openapi()

    post_guard(application, identify or Gate(daemon).who, desk)
    return application
