"""Six ways to hand out a list page by page, one for each system."""

import base64
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from monitor.simulation.exchange import Refusal, Request
from monitor.simulation.rendering import zulu
from monitor.simulation.tables import Version

_MOST_DIGITS = 14

Place = tuple[datetime, str]
"""Where a row stands in a list sorted by stamp and id."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page.

    Attributes:
        versions: the rows on it.
        wrap: puts the rendered rows into the reply's document.
        headers: of the reply.
    """

    versions: Sequence[Version]
    wrap: Callable[[list[Any]], Any]
    headers: Mapping[str, str] = field(default_factory=dict)


Cut = Callable[[Sequence[Version], Request, str], Sheet]
"""Cuts the page that a request asks for out of the sorted list of a collection."""


def read_count(request: Request, name: str, default: int, *, lowest: int = 1) -> int:
    """A whole number from the query.

    Raises:
        Refusal: it is none, or too low.
    """
    number = whole_number(request.query.get(name, str(default)))
    if number is None or number < lowest:
        raise Refusal(400, f"'{name}' must be a whole number from {lowest} on")
    return number


def whole_number(text: str) -> int | None:
    """A number written in a few digits; None for anything else."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else None


def _size(request: Request, name: str) -> int:
    return min(read_count(request, name, 50), 200)


def _place(version: Version) -> Place:
    return version.modified_at, version.row.id


def _behind(versions: Sequence[Version], place: Place | None) -> Sequence[Version]:
    return versions if place is None else versions[bisect_right(versions, place, key=_place) :]


def _pack(version: Version) -> str:
    stamp, row_id = _place(version)
    return base64.urlsafe_b64encode(f"{stamp.isoformat()}|{row_id}".encode()).decode()


def _unpack(token: str | None) -> Place | None:
    if not token:
        return None
    try:
        stamp, _, row_id = base64.urlsafe_b64decode(token).decode().partition("|")
        return read_instant(stamp), row_id
    except ValueError as error:
        raise Refusal(400, "the page token is not one of ours") from error


def _next_token(rest: Sequence[Version], size: int) -> str | None:
    return _pack(rest[size - 1]) if len(rest) > size else None


def _own_address(request: Request, **changes: str) -> str:
    query = {**request.query, **changes}
    return f"{request.origin}{request.path}?{urlencode(query)}"


def cut_by_cursor(versions: Sequence[Version], request: Request, _: str) -> Sheet:
    """CRM: a token for the next page in the body."""
    size = _size(request, "limit")
    rest = _behind(versions, _unpack(request.query.get("cursor")))
    token = _next_token(rest, size)
    return Sheet(rest[:size], lambda rows: {"data": rows, "next_cursor": token})


def cut_by_offset(versions: Sequence[Version], request: Request, _: str) -> Sheet:
    """CPQ: rows counted from the first by id, with the total in the body."""
    size, offset = _size(request, "limit"), read_count(request, "offset", 0, lowest=0)
    by_id = sorted(versions, key=lambda version: version.row.id)
    facts = {"offset": offset, "limit": size, "total": len(by_id)}
    return Sheet(by_id[offset : offset + size], lambda rows: {"items": rows, **facts})


def cut_by_next_link(versions: Sequence[Version], request: Request, collection: str) -> Sheet:
    """Contracts: the next page's whole address in the body."""
    size = _size(request, "size")
    rest = _behind(versions, _unpack(request.query.get("page_token")))
    token = _next_token(rest, size)
    link = _own_address(request, page_token=token) if token else None
    return Sheet(rest[:size], lambda rows: {collection: rows, "next": link})


def cut_by_number(versions: Sequence[Version], request: Request, collection: str) -> Sheet:
    """PSA: pages by number, the rows deep inside the body."""
    size, number = _size(request, "per_page"), read_count(request, "page", 1)
    pages = max(1, -(-len(versions) // size))
    start = (number - 1) * size
    return Sheet(
        versions[start : start + size],
        lambda rows: {"result": {collection: {"records": rows}, "page": number, "pages": pages}},
    )


def cut_by_keyset(versions: Sequence[Version], request: Request, _: str) -> Sheet:
    """ERP: what stands behind the last row of the page before, by its stamp and id."""
    size = _size(request, "top")
    after_id, after_modified = (request.query.get(name) for name in ("after_id", "after_modified"))
    if (after_id is None) != (after_modified is None):
        raise Refusal(400, "'after_id' and 'after_modified' come together")
    place = None if after_id is None else (read_instant(after_modified or ""), after_id)
    rest = _behind(versions, place)
    more = len(rest) > size
    return Sheet(rest[:size], lambda rows: {"value": rows, "more": more})


def cut_by_link_header(versions: Sequence[Version], request: Request, _: str) -> Sheet:
    """Middleware: a bare list, the next page's address in the header `Link` (RFC 8288)."""
    size = _size(request, "count")
    rest = _behind(versions, _unpack(request.query.get("from")))
    token = _next_token(rest, size)
    link = f'<{_own_address(request, **{"from": token})}>; rel="next"' if token else ""
    return Sheet(rest[:size], lambda rows: rows, {"Link": link} if link else {})


def read_instant(text: str) -> datetime:
    """An aware instant in ISO 8601.

    Raises:
        Refusal: it is none, or names no time zone.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, "a stamp must be ISO 8601, such as " + str(zulu(_EXAMPLE))) from error
    if instant.tzinfo is None:
        raise Refusal(400, "a stamp must name its time zone")
    return instant


_EXAMPLE = datetime.fromisoformat("2026-01-01T00:00:00Z")
