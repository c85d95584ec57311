"""Duplicates: records that may mean the same thing, side by side, for a person to decide."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.deciding import open_questions
from monitor.store.matching import fields_of
from monitor.web.desk import Desk

MOST_LISTED = 20
"""Pairs on one page; whoever decides some sees the next ones."""


class Pair(NamedTuple):
    """Two records that may be one.

    Attributes:
        left: one of them, as `stream/native id`.
        right: the other.
        weight: evidence in bits: 0 is as likely as not, each bit more is twice as likely.
        fields: that either holds: name, and the value of each.
    """

    left: str
    right: str
    weight: float
    fields: Sequence[tuple[str, Any, Any]]


def duplicate_routes(desk: Desk) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()

    @routes.get("/duplicates")
    def duplicates(request: Request) -> HTMLResponse:
        """Pairs that nobody has decided, the likeliest first. It compares whole streams."""
        found = open_questions(desk.estate, desk.database, desk.now)
        asked = found.head(MOST_LISTED).to_dicts()
        names = {each[side] for each in asked for side in ("left", "right")}
        with desk.database.read() as connection:
            fields = fields_of(connection, names)
        pairs = [_pair(each, fields) for each in asked]
        return desk.show(request, "duplicates.html", pairs=pairs, count=found.height)

    return routes


def _pair(asked: Mapping[str, Any], fields: Mapping[str, Mapping[str, Any]]) -> Pair:
    left, right = fields.get(asked["left"], {}), fields.get(asked["right"], {})
    names = sorted(left.keys() | right.keys())
    rows = [(name, left.get(name), right.get(name)) for name in names]
    return Pair(asked["left"], asked["right"], asked["weight"], rows)
