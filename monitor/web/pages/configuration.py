"""The configuration in force, without its secrets, and how it changed."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from monitor.controls.history import read_history
from monitor.controls.telling import tell_change
from monitor.web.desk import Desk
from monitor.web.periods import Day, read_period


def configuration_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/configuration")
    def configuration(
        request: Request, since: Annotated[Day, Query(alias="from")] = "", to: Day = ""
    ) -> HTMLResponse:
        """Every setting with its default filled in; references stand where secrets would."""
        period = read_period(since, to, desk.now())
        with desk.database.read() as connection:
            history = read_history(connection, *period)
        sections = {name: list(flatten(each)) for name, each in _sections(desk).items()}
        return desk.show(
            request,
            "configuration.html",
            digest=desk.estate.digest,
            sections=sections,
            history=history,
            period=period,
            tell_change=tell_change,
        )

    return routes


def _sections(desk: Desk) -> Mapping[str, Any]:
    return dict(sorted(desk.estate.configuration.items()))


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every single setting below a value; what is empty is not told.

    Args:
        value: as JSON holds it.
        path: name of the value within its section.
    """
    match value:
        case dict():
            for name, each in value.items():
                yield from flatten(each, f"{path}.{name}" if path else str(name))
        case list() if any(isinstance(each, dict | list) for each in value):
            for place, each in enumerate(value, start=1):
                yield from flatten(each, f"{path}[{place}]")
        case list():
            if value:
                yield path, ", ".join(map(str, value))
        case None | "":
            return
        case bool():
            yield path, "yes" if value else "no"
        case _:
            yield path, str(value)
