"""Log in and out of the page."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from monitor.accounts import logging_in, managing
from monitor.core.accounts import SESSION_LASTS, Session
from monitor.core.showing import show_minute
from monitor.web.asking import asker_of
from monitor.web.desk import Desk
from monitor.web.forms import Form, read_form
from monitor.web.gate import cookie_name
from monitor.web.protection import is_on_machine

HOME: Final = "/"
_NOT_FOR_PEOPLE = ("/log-in", "/log-out")


def log_in_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/log-in")
    def ask(request: Request, to: Annotated[str, Query()] = HOME) -> Response:
        """The form that asks who somebody is."""
        return desk.show(request, "log_in.html", to=own_path(to), has_people=_has_people(desk))

    @routes.post("/log-in")
    async def come_in(request: Request) -> Response:
        """A name and a password; the page that was asked for, or the form again."""
        form = await read_form(request)
        return await run_in_threadpool(_come_in, desk, request, form)

    @routes.post("/log-out")
    def leave(request: Request) -> Response:
        """End this session."""
        asker = asker_of(request)
        if isinstance(asker.by, Session):
            managing.log_out(desk.database, asker.by.digest, asker.name, desk.now)
        return _to_form(request)

    @routes.post("/log-out/everywhere")
    def leave_everywhere(request: Request) -> Response:
        """End every session of whoever asks."""
        name = asker_of(request).name
        managing.log_out_everywhere(desk.database, name, name, desk.now)
        return _to_form(request)

    return routes


def own_path(asked: str) -> str:
    """The page that somebody wanted, if it is one of ours: no address leads elsewhere from here."""
    if not asked.isprintable() or " " in asked or "\\" in asked:
        return HOME
    if not asked.startswith("/") or asked.startswith(("//", *_NOT_FOR_PEOPLE)):
        return HOME
    return asked


def _has_people(desk: Desk) -> bool:
    return bool(desk.estate.people)


def _come_in(desk: Desk, request: Request, form: Form) -> Response:
    address = request.client.host if request.client else "unknown"
    name, to = form.text("name"), own_path(form.text("to"))
    entry = logging_in.log_in(
        desk.database,
        desk.estate.people,
        name,
        form.exactly("password"),
        address,
        desk.now,
        replaces=request.cookies.get(cookie_name(request), ""),
    )
    if entry.token:
        return _welcome(request, entry.token, to)
    if entry.wait_until is None:
        why = "Name and password do not belong together."
        return desk.show(request, "log_in.html", code=403, to=to, why=why, has_people=True)
    why = f"Too many attempts. Try again at {show_minute(entry.wait_until)} UTC or later."
    answer = desk.show(request, "log_in.html", code=429, to=to, why=why, has_people=True)
    wait = entry.wait_until - desk.now()
    answer.headers["Retry-After"] = str(max(1, round(wait.total_seconds())))
    return answer


def _welcome(request: Request, token: str, to: str) -> Response:
    answer = RedirectResponse(to, status_code=303)
    answer.set_cookie(
        cookie_name(request),
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        path="/",
        secure=not is_on_machine(request),
        httponly=True,
        samesite="strict",
    )
    return answer


def _to_form(request: Request) -> Response:
    answer = RedirectResponse("/log-in", status_code=303)
    is_public = not is_on_machine(request)
    answer.delete_cookie(
        cookie_name(request), path="/", secure=is_public, httponly=True, samesite="strict"
    )
    return answer
