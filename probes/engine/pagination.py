"""The ways in which APIs hand out a list page by page, each a short loop.

A loop ends only when the source has said that there is no more; a source that goes in circles, or
whose set moved under the reader, raises instead of ending too early.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Annotated, Any, Literal, Self
from urllib.parse import urljoin

from pydantic import Field, model_validator

from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.streams import Settings
from monitor.response import NO_CONTENT, Response
from probes.engine.caller import Call
from probes.engine.links import read_next_link
from probes.engine.selector import value_at


@dataclass(frozen=True, slots=True)
class Answer:
    """One page as the source sent it.

    Attributes:
        response: status, headers and address.
        document: the body.
        rows: what the selector found in it.
    """

    response: Response
    document: Any
    rows: list[Any]


Read = Callable[[Call], Answer]
"""Makes one call and selects its rows."""

Identify = Callable[[Any], Any]
"""The native id of a row."""


class PageSettings(Settings):
    """What every way of paging declares."""

    place: Literal["query", "body"] = Field(default="query", alias="in")
    """Where the parameters go; in a body, dots lead into its objects."""
    size_param: str | None = None
    """Parameter with the number of rows asked for."""
    size: int | None = Field(default=None, gt=0)
    """Rows asked for with each page."""
    more: str | None = None
    """Path of a flag that says whether there is another page."""
    total: str | None = None
    """Path of the number of rows in all: proof that the list is complete."""
    max_pages: int = Field(default=10_000, gt=0)
    """A look that takes more pages than this is given up."""

    @model_validator(mode="after")
    def _sizes_come_together(self) -> Self:
        if (self.size_param is None) != (self.size is None):
            raise ValueError("size_param and size come together")
        return self

    def sized(self, call: Call) -> Call:
        """The call, asking for pages of the size."""
        if self.size_param is None:
            return call
        return self.put(call, self.size_param, self.size)

    def put(self, call: Call, name: str, value: Any) -> Call:
        """The call with one parameter set."""
        if self.place == "query":
            others = tuple(pair for pair in call.params if pair[0] != name)
            return replace(call, params=(*others, (name, str(value))))
        return replace(call, body=_put_into(call.body, name, value))

    def says_end(self, answer: Answer) -> bool:
        """Whether the flag at `more` is there and denies another page."""
        return self.more is not None and not _is_true(value_at(answer.document, self.more))

    def is_reached(self, count_of_rows: int, answer: Answer) -> bool:
        """Whether so many rows are all that there are, where the source says how many."""
        return self.total is not None and count_of_rows >= _whole_number(
            answer.document, self.total
        )


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
            ids = [identify(row) for row in answer.rows]
            if ids and ids == before:
                raise _circling("a page held the same rows as the one before")
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
        return number - self.start + 1 >= _whole_number(answer.document, self.pages)


class OffsetPages(PageSettings):
    """Pages start at a row number, each some rows before the end of the one before.

    Those rows must turn up again: if none does, the set has moved by more than the overlap, and
    a row may have been missed, so the look is given up and done again.
    """

    kind: Literal["offset"]
    param: str = "offset"
    overlap: int = Field(default=5, ge=0)
    """Rows that are read again with each page; 0 for a set that cannot change meanwhile."""

    @model_validator(mode="after")
    def _moves_on(self) -> Self:
        if self.size is not None and self.overlap >= self.size:
            raise ValueError("overlap must be smaller than size, or the pages never move on")
        return self

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """Pages until one brings nothing new, or the total is reached."""
        offset = 0
        tail: list[Any] = []
        while True:
            answer = read(self.put(self.sized(first), self.param, offset))
            ids = [identify(row) for row in answer.rows]
            if tail and not any(each in tail for each in ids):
                raise _circling("the rows moved between two pages by more than the overlap")
            yield answer
            end = offset + len(ids)
            if len(ids) <= len(tail) or self.says_end(answer) or self.is_reached(end, answer):
                return
            # At most half a page, so that small pages move on too.
            tail = ids[len(ids) - min(self.overlap, len(ids) // 2) :]
            offset = end - len(tail)


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
            _must_be_new(str(token), seen)
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
            _must_be_new(url, seen)
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

    def walk(self, first: Call, read: Read, identify: Identify) -> Iterator[Answer]:
        """Pages until one is empty."""
        call = self.sized(first)
        seen: set[str] = set()
        while True:
            answer = read(call)
            yield answer
            if not answer.rows or self.says_end(answer):
                return
            values = {name: value_at(answer.rows[-1], path) for name, path in self.params.items()}
            if None in values.values():
                raise Permanent(
                    "the last row of a page lacks what the next page starts behind",
                    reason=Reason.SCHEMA,
                )
            _must_be_new(repr(values), seen)
            call = self.sized(first)
            for name, value in values.items():
                call = self.put(call, name, value)


Paging = Annotated[
    NoPages | NumberedPages | OffsetPages | CursorPages | LinkedPages | KeysetPages,
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
            announced = _whole_number(answer.document, total)
        seen.update(map(identify, answer.rows))
        yield answer
    if len(seen) < announced:
        raise Transient("the list ended before its announced total", reason=Reason.MALFORMED)


def _must_be_new(token: str, seen: set[str]) -> None:
    if token in seen:
        raise Permanent("paging goes in circles: the same next page twice", reason=Reason.MALFORMED)
    seen.add(token)


def _circling(message: str) -> Transient:
    return Transient(message, reason=Reason.MALFORMED)


def _whole_number(document: Any, path: str) -> int:
    number = value_at(document, path)
    if isinstance(number, str) and number.isdecimal():
        return int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise Permanent(
            f"the answer has no whole number at '{path}', where its pages are counted",
            reason=Reason.SCHEMA,
        )
    return number


def _is_true(flag: Any) -> bool:
    return flag is True or (isinstance(flag, str) and flag.lower() == "true")


def _put_into(body: Any, path: str, value: Any) -> Any:
    """A copy of the body with a value at a dotted path."""
    changed: dict[str, Any] = dict(body) if isinstance(body, Mapping) else {}
    name, _, rest = path.partition(".")
    changed[name] = _put_into(changed.get(name), rest, value) if rest else copy.deepcopy(value)
    return changed
