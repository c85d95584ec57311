"""What each route needs of whoever asks for it. A route that is not here does not exist."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from monitor.core.people import Permission, Thing
from monitor.web.asking import Need
from monitor.web.doors import permissions_of_doors

OPEN: Final = Need(is_open=True)
"""To everybody who reaches us."""
SIGNED: Final = OPEN
"""To whoever signs what they send; the route itself refuses everybody else."""
PEOPLE: Final = Need()
"""To whoever is logged in, in whatever role."""
READ: Final = Need(Permission.READ)
READ_DEAL: Final = Need(Permission.READ, thing=Thing.DEAL)
READ_PLAN: Final = Need(Permission.READ, thing=Thing.PLAN)
READ_CORRECTION: Final = Need(Permission.READ, thing=Thing.CORRECTION)
READ_BREAK: Final = Need(Permission.READ, thing=Thing.BREAK)
READ_THEIRS: Final = Need(Permission.READ, is_narrowed=True)
"""Lists of which everybody is shown what is theirs."""
READ_LOG: Final = Need(Permission.READ_LOG)

NEEDS: Final[Mapping[str, Need]] = {
    "GET /-/healthy": OPEN,
    "GET /style.css": OPEN,
    "POST /slack": SIGNED,
    "GET /log-in": OPEN,
    "POST /log-in": OPEN,
    "POST /log-out": PEOPLE,
    "POST /log-out/everywhere": PEOPLE,
    "GET /-/ready": Need(Permission.METRICS, on_machine=True),
    "GET /metrics": Need(Permission.METRICS, on_machine=True),
    # The landscape says who may do what: whoever puts it in force gives and takes access.
    "POST /-/reload": Need(Permission.ADMINISTER, on_machine=True),
    "GET /": READ,
    "GET /indicators": READ,
    "GET /transactions": READ_THEIRS,
    "GET /transactions/{key}": READ_DEAL,
    "GET /breaks": READ_THEIRS,
    "GET /breaks/{identifier}": READ_BREAK,
    "GET /incidents": READ,
    "GET /incidents/{number}": READ,
    "GET /plans": READ,
    "GET /plans/{name}": READ_PLAN,
    "GET /corrections": READ,
    "GET /corrections/{number}": READ_CORRECTION,
    "GET /duplicates": READ,
    "GET /controls": READ,
    "GET /controls/{name}": READ,
    "GET /reports": READ,
    "GET /reports/{number}": READ,
    "POST /reports": Need(Permission.EXPORT),
    "POST /reports/{number}/download": Need(Permission.EXPORT),
    "GET /audit": READ_LOG,
    "GET /configuration": READ_LOG,
    "GET /audit/chain": READ_LOG,
    "GET /api/v1/openapi.json": READ_THEIRS,
    "GET /api/v1/now": READ,
    "GET /api/v1/indicators": READ,
    "GET /api/v1/transactions": READ_THEIRS,
    "GET /api/v1/transactions/{key}": READ_DEAL,
    "GET /api/v1/breaks": READ_THEIRS,
    "GET /api/v1/breaks/{identifier}": READ_BREAK,
    "GET /api/v1/incidents": READ,
    "GET /api/v1/incidents/{number}": READ,
    "GET /api/v1/plans": READ,
    "GET /api/v1/plans/{name}": READ_PLAN,
    "GET /api/v1/corrections": READ,
    "GET /api/v1/corrections/{number}": READ_CORRECTION,
    "GET /api/v1/audit": READ_LOG,
    **{route: Need(permission) for route, permission in permissions_of_doors().items()},
}
"""By method and path."""


def needs_of(
    application: FastAPI, needs: Mapping[str, Need] = NEEDS
) -> Mapping[Callable[..., Any], Need]:
    """What each endpoint of an application needs.

    Raises:
        LookupError: of some route nobody has said it, so nobody is served at all.
    """
    found: dict[Callable[..., Any], Need] = {}
    for method, path, endpoint in routes_of(application):
        need = needs.get(f"{method} {path}")
        if need is None or found.setdefault(endpoint, need) != need:
            raise LookupError(f"{method} {path}: say in monitor/web/permissions.py what it needs")
    return found


def routes_of(application: FastAPI) -> list[tuple[str, str, Callable[..., Any]]]:
    """Every method, path and endpoint that the application answers, those of its parts included.

    Raises:
        LookupError: something answers that no guard stands before.
    """
    found = []
    for context in iter_route_contexts(application.routes):
        endpoint = context.endpoint
        if not isinstance(context.original_route, APIRoute) or endpoint is None:
            raise LookupError(f"{context.path}: only guarded routes may answer")
        found += [(each, str(context.path_format), endpoint) for each in context.methods or ()]
    return sorted(found, key=lambda each: each[:2])
