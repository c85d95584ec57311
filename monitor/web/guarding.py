"""The guard before every route: finds out who asks, and lets in whoever may."""

from collections.abc import Callable
from urllib.parse import quote

from fastapi import BackgroundTasks, Depends, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse

from monitor.core.people import Limits, Thing
from monitor.store.limits import sees
from monitor.web.asking import Asker, may_ask
from monitor.web.desk import Desk
from monitor.web.forms import form_of, is_form, is_own, read_form
from monitor.web.permissions import needs_of
from monitor.web.protection import is_from_elsewhere

Identify = Callable[[Request], Asker]
"""Who asks, by what the request carries; it may look into the store."""

LOG_IN = "/log-in"
_OF_MACHINES = ("/api/", "/-/", "/metrics")
"""Where programs ask, which nobody leads to a form."""


class UnknownAskerError(Exception):
    """Nobody knows who asks, and what they ask for is not for everybody."""


class RefusedAskerError(Exception):
    """Whoever asks may not have it; says why."""


class HiddenError(Exception):
    """There is no such thing for whoever asks."""

    def __init__(self, thing: Thing, name: str) -> None:
        super().__init__(f"no {thing.value} is called so")
        self.thing = thing
        self.name = name


async def guard(request: Request, tasks: BackgroundTasks) -> None:
    """Let nobody past who may not; routes then find who asks and what they filled in.

    Raises:
        UnknownAskerError: they have to say who they are.
        RefusedAskerError: they may not, or the form was not shown to them.
        HiddenError: it is about deals that are not shown to them.
    """
    need = request.app.state.needs[request.scope["endpoint"]]
    request.state.asker = Asker()
    if need.is_open:
        return
    identify: Identify = request.app.state.identify
    request.state.asker = asker = await run_in_threadpool(identify, request)
    if asker.to_note is not None:
        tasks.add_task(asker.to_note)
    verdict = may_ask(asker, need)
    if not verdict.is_allowed:
        if asker.person is None and asker.can_log_in:
            raise UnknownAskerError
        raise RefusedAskerError(verdict.why)
    if need.thing is not None and asker.limits is not None:
        await run_in_threadpool(_look_whose, request, asker.limits, need.thing)
    if request.method != "GET":
        await _take_form(request, asker)


def _look_whose(request: Request, limits: Limits, thing: Thing) -> None:
    """What is somebody else's is answered like what does not exist."""
    (name,) = request.path_params.values()
    desk: Desk = request.app.state.desk
    with desk.database.read() as connection:
        if not sees(connection, limits, thing, str(name)):
            raise HiddenError(thing, str(name))


async def _take_form(request: Request, asker: Asker) -> None:
    """Programs may send what the route reads; a browser sends forms that were shown to it."""
    if is_form(request):
        request.state.form = await read_form(request)
    if asker.form_token and not is_own(form_of(request), asker.form_token):
        raise RefusedAskerError("this form was not shown to you since you logged in")


GUARDS = [Depends(guard)]
"""What the application is made with, so that the guard stands before every route."""


def post_guard(application: FastAPI, identify: Identify, desk: Desk) -> None:
    """Begin to guard an application whose routes are all there.

    Args:
        application: to guard.
        identify: who asks.
        desk: which shows people why they are turned away.

    Raises:
        LookupError: nobody has said who may ask for some route.
    """
    application.state.identify, application.state.desk = identify, desk
    application.state.needs = needs_of(application)

    @application.exception_handler(UnknownAskerError)
    def ask_who(request: Request, _unknown: UnknownAskerError) -> Response:
        """Programs are challenged, people are led to the form."""
        path = request.url.path
        if path.startswith(_OF_MACHINES) or "authorization" in request.headers:
            challenge = {"WWW-Authenticate": 'Bearer realm="tieout"'}
            return JSONResponse({"detail": "say who you are"}, status_code=401, headers=challenge)
        if request.method != "GET":
            return RedirectResponse(LOG_IN, status_code=303)
        asked = path + (f"?{request.url.query}" if request.url.query else "")
        if is_from_elsewhere(request.headers):
            # A strict cookie is not sent along a link in a mail. Asked again by a page of ours, it
            # is, if there is one.
            return desk.show(request, "arriving.html", to=asked)
        return RedirectResponse(f"{LOG_IN}?to={quote(asked, safe='/')}", status_code=303)

    @application.exception_handler(RefusedAskerError)
    def turn_away(request: Request, refused: RefusedAskerError) -> Response:
        """Whoever may not hears why."""
        if request.url.path.startswith(_OF_MACHINES):
            return JSONResponse({"detail": str(refused)}, status_code=403)
        return desk.show(request, "refused.html", code=403, why=str(refused))

    @application.exception_handler(HiddenError)
    def hide(request: Request, hidden: HiddenError) -> Response:
        """There is none, whether there is or not."""
        if request.url.path.startswith(_OF_MACHINES):
            return JSONResponse({"detail": str(hidden)}, status_code=404)
        return desk.not_found(request, hidden.thing.value, hidden.name)
