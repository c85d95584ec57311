"""Acts: what people do on the page, by forms that work without scripts.

Every form carries what its page showed. What is no longer so is not done, and a page says why.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from monitor.acting.acts import Outcome, act
from monitor.acting.asked import Asked, Shown
from monitor.acting.breaks import MOST_AT_ONCE, MOST_DAYS
from monitor.core.answers import Act
from monitor.web.asking import asker_of
from monitor.web.desk import Desk
from monitor.web.doors import DOORS, MANY, Door, read_count, read_number
from monitor.web.forms import Form, form_of

PLACE: Final = "on the page"
MOST_HOURS: Final = 24 * 7
"""For how long an incident may wait."""
LONGEST_REASON: Final = 1_000


def acting_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()
    for door in DOORS:
        routes.add_api_route(door.path, _handler(desk, door), methods=["POST"], name=door.act.value)

    @routes.post(MANY)
    async def acknowledge_many(request: Request) -> Response:
        """Look after several incidents at once; of each is said what came of it."""
        return await run_in_threadpool(_acknowledge_many, desk, request, form_of(request))

    return routes


def _handler(desk: Desk, door: Door) -> Callable[..., object]:
    async def named(request: Request, name: str) -> Response:
        return await run_in_threadpool(_do, desk, door, request, name, form_of(request))

    async def nameless(request: Request) -> Response:
        return await run_in_threadpool(_do, desk, door, request, "", form_of(request))

    return named if "{name}" in door.path else nameless


def _do(desk: Desk, door: Door, request: Request, name: str, form: Form) -> Response:
    outcome = act(door.act, _asked(desk, request, door.subject(name, form), form))
    back = door.back.format(name=name)
    if outcome.is_done:
        return RedirectResponse(f"{back}?done={door.act.value}", status_code=303)
    told = {_title(door.act): outcome}
    return desk.show(request, "acted.html", code=409, told=told, back=back)


def _acknowledge_many(desk: Desk, request: Request, form: Form) -> Response:
    chosen = form.texts("incident")
    if not 0 < len(chosen) <= MOST_AT_ONCE:
        raise HTTPException(400, f"choose 1 to {MOST_AT_ONCE} incidents")
    told: dict[str, Outcome] = {}
    for each in chosen:
        number, _, holder = each.partition(":")
        shown = Shown(incident=read_number(number), holder=holder)
        told[f"Incident {number}"] = act(Act.ACKNOWLEDGE, _asked(desk, request, shown, form))
    code = 200 if all(each.is_done for each in told.values()) else 409
    return desk.show(request, "acted.html", code=code, told=told, back="/incidents")


def _asked(desk: Desk, request: Request, shown: Shown, form: Form) -> Asked:
    person = asker_of(request).person
    if person is None:
        raise HTTPException(403, "nobody is known by a name here")
    now, estate = desk.now(), desk.estate
    hours = read_count(form.text("hours"), MOST_HOURS)
    days = read_count(form.text("days"), MOST_DAYS)
    until = now + timedelta(hours=hours, days=days) if hours or days else None
    return Asked(
        estate,
        desk.database,
        desk.now,
        person,
        shown,
        PLACE,
        reason=form.text("reason")[:LONGEST_REASON],
        until=until,
        chosen=estate.people.named(form.text("to")),
    )


def _title(wanted: Act) -> str:
    return wanted.value.replace("_", " ").capitalize()
