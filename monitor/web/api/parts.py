"""What every list of the API has: a part of it, and where the next part is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

LONGEST_PART = 1000
"""Entries of one answer at most."""

Limit = Annotated[int, Query(ge=1, le=LONGEST_PART, description="At most so many.")]

NOT_FOUND: Mapping[int | str, dict[str, Any]] = {404: {"description": "There is none."}}
"""Of routes that name one thing."""

Entry = TypeVar("Entry", bound=BaseModel)


class Answer(BaseModel):
    """Facts of one thing. Money is text with every digit; instants are ISO 8601 in UTC."""

    model_config = ConfigDict(extra="forbid")


class Part(BaseModel, Generic[Entry]):
    """A part of a list."""

    items: list[Entry]
    next: str | None = Field(description="Address of the part that follows; null at the end.")


def part_of(
    request: Request, items: Sequence[Entry], limit: int, place: Callable[[int], str]
) -> Part[Entry]:
    """The part that was asked for.

    Args:
        request: whose address the next one's is like.
        items: one more than `limit` where there are more.
        limit: how many were asked for.
        place: of the entry with this index.
    """
    following = None
    if len(items) > limit:
        kept = [each for each in request.query_params.multi_items() if each[0] != "after"]
        following = f"{request.url.path}?{urlencode([*kept, ('after', place(limit - 1))])}"
    return Part(items=list(items[:limit]), next=following)
