"""The guard before every route: finds out who asks, and lets in whoever may."""

from collections.abc import Callable
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse

from monitor.web.asking import Asker, may_ask
from monitor.web.permissions import needs_of

Identify = Callable[[Request], Asker]
"""Who asks, by what the request carries; it may look into the store."""

LOG_IN = "/log-in"
_OF_MACHINES = ("/api/", "/-/", "/metrics")
"""Where programs ask, which nobody leads to a form."""


class UnknownAskerError(Exception):
    """Nobody knows who asks, and what they ask for is not for everybody."""


class RefusedAskerError(Exception):
    """Whoever asks may not have it; says why."""


async def guard(request: Request) -> None:
    """Let nobody past who may not.

    Raises:
        UnknownAskerError: they have to say who they are.
        RefusedAskerError: they may not.
    """
    need = request.app.state.needs[request.scope["endpoint"]]
    request.state.asker = Asker()
    if need.is_open:
        return
    identify: Identify = request.app.state.identify
    request.state.asker = asker = await run_in_threadpool(identify, request)
    verdict = may_ask(asker, need)
    if verdict.is_allowed:
        return
    if asker.person is None and asker.can_log_in:
        raise UnknownAskerError
    raise RefusedAskerError(verdict.why)


GUARDS = [Depends(guard)]
"""What the application is made with, so that the guard stands before every route."""


def post_guard(application: FastAPI, identify: Identify) -> None:
    """Begin to guard an application whose routes are all there.

    Raises:
        LookupError: nobody has said who may ask for some route.
    """
    application.state.identify = identify
    application.state.needs = needs_of(application)
    application.add_exception_handler(UnknownAskerError, _ask_who)
    application.add_exception_handler(RefusedAskerError, _refuse)


def _ask_who(request: Request, _unknown: Exception) -> Response:
    path = request.url.path
    if path.startswith(_OF_MACHINES):
        challenge = {"WWW-Authenticate": 'Bearer realm="tieout"'}
        return JSONResponse({"detail": "say who you are"}, status_code=401, headers=challenge)
    if request.method != "GET":
        return RedirectResponse(LOG_IN, status_code=303)
    asked = path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{LOG_IN}?to={quote(asked, safe='/')}", status_code=303)


def _refuse(request: Request, refused: Exception) -> Response:
    if request.url.path.startswith(_OF_MACHINES):
        return JSONResponse({"detail": str(refused)}, status_code=403)
    return PlainTextResponse(f"not for you: {refused}\n", status_code=403)
