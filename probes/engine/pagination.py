"""The ways in which APIs hand out a list page by page, each a short loop.

A loop ends only when the source has said that there is no more; a source that goes in circles, or
whose set moved under the reader, raises instead of ending too early.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Annotated, Any, Literal, Self
from urllib.parse import urljoin

from pydantic import Field, model_validator

from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.strict_json import Flaw
from monitor.response import NO_CONTENT
from probes.engine.caller import Call
from probes.engine.links import read_next_link
from probes.engine.pages import (
    Answer,
    Identify,
    PageSettings,
    Read,
    distinct,
    must_be_new,
    whole_number,
)
from probes.engine.selector import value_at


class NoPages(PageSettings):
    """One answer holds everything."""

    kind: Literal["none"] = "none"

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """The one page."""
        yield read(first)


class NumberedPages(PageSettings):
    """Pages are asked for by number, until one is empty or the source says that it was the last.

    When a row leaves the set, or moves to its end because it changed, every row behind it moves
    up, and one slips over the boundary into a page already read. So the page before is read
    again after each further one; rows seen twice do no harm.
    """

    kind: Literal["page_number"]
    param: str = "page"
    start: int = 1
    """Number of the first page."""
    pages: str | None = None
    """Path of the number of pages."""
    is_fixed: bool = Field(default=False, alias="fixed")
    """The set cannot change while it is read, so no page is read again."""

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """Every page, and each but the last a second time where the set may change."""
        before: list[Any] = []
        read_rows = 0
        for number in count(self.start):
            answer = read(self.put(self.sized(first), self.param, number))
            ids = distinct(answer, identify)
            if ids and ids == before:
                raise _moved("a page held the same rows as the one before")
            yield answer
            if before and ids and not self.is_fixed:
                yield read(self.put(self.sized(first), self.param, number - 1))
            if not ids or self.says_end(answer) or self._is_last(number, answer):
                return
            read_rows += len(ids)
            if self.is_reached(read_rows, answer):
                return
            before = ids

    def _is_last(self, number: int, answer: Answer) -> bool:
        if self.pages is None:
            return False
        return number - self.start + 1 >= whole_number(answer.document, self.pages)


class OffsetPages(PageSettings):
    """Pages start at a row number, each some rows before the end of the one before.

    Those rows must turn up again: if none does, the set has moved by more than the overlap, and
    a row may have been missed, so the look is given up and done again.
    """

    kind: Literal["offset"]
    param: str = "offset"
    start: int = 0
    """Number of the first row."""
    overlap: int = Field(default=5, ge=0)
    """Rows that are read again with each page; 0 for a set that cannot change meanwhile."""

    @model_validator(mode="after")
    def _moves_on(self) -> Self:
        if self.size is not None and self.overlap >= self.size:
            raise ValueError("overlap must be smaller than size, or the pages never move on")
        return self

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """Pages until one brings nothing new, or the total is reached."""
        offset = reread = 0
        before: set[Any] = set()
        while True:
            answer = read(self.put(self.sized(first), self.param, self.start + offset))
            ids = distinct(answer, identify)
            if reread and before.isdisjoint(ids):
                raise _moved("the rows moved between two pages by more than the overlap")
            if len(ids) > reread and before.issuperset(ids):
                raise _moved("a page held no other rows than the one before")
            yield answer
            end = offset + len(ids)
            if len(ids) <= reread or self.says_end(answer) or self.is_reached(end, answer):
                return
            # At most half a page, so that small pages move on too.
            reread = min(self.overlap, len(ids) // 2)
            offset = end - reread
            before = set(ids)


class CursorPages(PageSettings):
    """Each page names a token for the next."""

    kind: Literal["cursor"]
    param: str = "cursor"
    next: str
    """Path of the token in the answer; none there ends the list."""

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """Pages until one names no further token."""
        call = self.sized(first)
        seen: set[str] = set()
        while True:
            answer = read(call)
            yield answer
            token = value_at(answer.document, self.next)
            if token is None or token is False or token == "" or self.says_end(answer):
                return
            if not isinstance(token, str | int):
                raise Permanent(
                    f"'{self.next}' should be a token for the next page", reason=Reason.SCHEMA
                )
            must_be_new(str(token), seen)
            call = self.put(self.sized(first), self.param, token)


class LinkedPages(PageSettings):
    """Each page carries the next one's address, which is followed as it stands.

    From the body, or from the header `Link` with `rel="next"` (RFC 8288). It may be relative,
    and never leads to another origin.
    """

    kind: Literal["next_link"]
    next: str | None = None
    """Path of the link in the answer; None: the Link header."""

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """Pages until one carries no link."""
        call = self.sized(first)
        seen: set[str] = set()
        while True:
            answer = read(call)
            yield answer
            link = self._link(answer)
            if link is None or self.says_end(answer):
                return
            url = urljoin(answer.response.url, link)
            must_be_new(url, seen)
            call = replace(first, url=url, params=())

    def _link(self, answer: Answer) -> str | None:
        if self.next is None:
            return read_next_link(answer.response.headers.get("link", ""))
        link = value_at(answer.document, self.next)
        return link if isinstance(link, str) and link else None


class KeysetPages(PageSettings):
    """Each page starts behind the last row of the one before."""

    kind: Literal["keyset"]
    params: dict[str, str] = Field(min_length=1)
    """Parameter to path in the last row, such as `after_id: id`."""
    first: dict[str, str] = {}
    """What the parameters are for the first page; those that are not named are left out of it."""

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """Pages until one is empty."""
        call = self.sized(first)
        for name, value in self.first.items():
            call = self.put(call, name, value)
        seen: set[str] = set()
        while True:
            answer = read(call)
            yield answer
            if not answer.rows or self.says_end(answer):
                return
            values = {name: value_at(answer.rows[-1], path) for name, path in self.params.items()}
            if any(value is None or isinstance(value, Flaw) for value in values.values()):
                raise Permanent(
                    "the last row of a page lacks what the next page starts behind",
                    reason=Reason.SCHEMA,
                )
            must_be_new(repr(values), seen)
            call = self.sized(first)
            for name, value in values.items():
                call = self.put(call, name, value)


class ContinuedPages(PageSettings):
    """Each page names a token, which another address takes as its whole body for the next."""

    kind: Literal["continuation"]
    next: str
    """Path of the token in the answer; none there ends the list."""
    path: str
    """Where the token is sent, under the system's base URL."""

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """Pages until one names no further token."""
        call = first
        seen: set[str] = set()
        while True:
            answer = read(call)
            yield answer
            token = value_at(answer.document, self.next)
            if not isinstance(token, str) or not token:
                return
            must_be_new(token, seen)
            headers = {**first.headers, "Content-Type": "text/plain"}
            content = token.encode()
            call = replace(
                first, url=self.path, params=(), body=None, content=content, headers=headers
            )


Paging = Annotated[
    NoPages
    | NumberedPages
    | OffsetPages
    | CursorPages
    | LinkedPages
    | KeysetPages
    | ContinuedPages,
    Field(discriminator="kind"),
]


def walk(paging: Paging, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
    """Every page of a list; ends only when the source has said that there is no more.

    Args:
        paging: how the source pages.
        first: the call without anything about pages.
        read: makes a call.
        identify: the native id of a row, to see rows again.

    Raises:
        Transient: the set moved under the reader.
        Permanent: the source goes in circles, or has more pages than allowed.
    """
    numbers = count(1)

    def read_counted(call: Call) -> Answer:
        if next(numbers) > paging.max_pages:
            raise Permanent(
                f"the list has more than {paging.max_pages} pages", reason=Reason.TOO_LARGE
            )
        return read(call)

    pages = paging.walk(first, read_counted, identify)
    return pages if paging.total is None else _counted(pages, paging.total, identify)


def _counted(pages: Iterator[Answer], total: str, identify: Identify) -> Iterator[Answer]:
    """The pages, and an error at the end if they held fewer rows than the source says it has."""
    seen: set[Any] = set()
    announced = 0
    for answer in pages:
        if answer.response.status != NO_CONTENT:
            announced = whole_number(answer.document, total)
        seen.update(map(identify, answer.rows))
        yield answer
    if len(seen) < announced:
        raise Transient("the list ended before its announced total", reason=Reason.MALFORMED)


def _moved(message: str) -> Transient:
    return Transient(message, reason=Reason.MALFORMED)
