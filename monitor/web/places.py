"""Where the next part of a list begins: a place in its order, as an address carries it.

A place stays where it is while entries come and go before it, which a number of entries to leave
out does not; and an index leads to it at once.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Final, TypeVar

import msgspec
from fastapi import HTTPException, Query

from monitor.store.breaks import Place as BreakPlace
from monitor.store.trace import Place as DealPlace

LONGEST: Final = 4_000
"""Characters of a place; keys of records are much shorter."""

After = Annotated[
    str, Query(max_length=LONGEST, description="Go on after this place, as `next` names it.")
]

Placed = TypeVar("Placed", BreakPlace, DealPlace)


def write_place(place: BreakPlace | DealPlace) -> str:
    """The place as a word for an address."""
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def break_place(word: str) -> BreakPlace | None:
    """The place among breaks that a word stands for; None for the beginning."""
    return _read(word, BreakPlace)


def deal_place(word: str) -> DealPlace | None:
    """The place among deals that a word stands for; None for the beginning."""
    return _read(word, DealPlace)


def _read(word: str, kind: type[Placed]) -> Placed | None:
    """The place.

    Raises:
        HTTPException: the word stands for none.
    """
    if not word:
        return None
    try:
        text = urlsafe_b64decode(word.encode() + b"=" * (-len(word) % 4))
        place = msgspec.json.decode(text, type=kind)
    except (ValueError, msgspec.DecodeError):
        place = None
    if place is None or any(_is_odd(part) for part in place):
        raise HTTPException(422, "this is no place in a list")
    return place


def _is_odd(part: datetime | str) -> bool:
    """Whether no store has it."""
    return "\0" in part if isinstance(part, str) else part.tzinfo is None
