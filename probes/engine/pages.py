"""One page of a list, and what every way of paging declares and relies on."""

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from monitor.core.errors import Permanent, Reason
from monitor.core.streams import Settings
from monitor.response import NO_CONTENT, Response
from probes.engine.caller import Call
from probes.engine.selector import value_at

_PLAIN = re.compile(r"[\w.:+-]{1,200}", re.ASCII)
"""What no query language takes for anything but a value."""


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

    place: Literal["query", "body", "text"] = Field(default="query", alias="in")
    """Where the parameters go; in a body, dots lead into its objects and lists; `text` puts them
    where `{name}` stands in some text of the body or the query, for query languages."""
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
        if self.place == "text":
            return _put_into_texts(call, name, value)
        return replace(call, body=_put_into(call.body, name, value))

    def says_end(self, answer: Answer) -> bool:
        """Whether the flag at `more` denies another page, where there is such a flag.

        Raises:
            Permanent: it should be there, and is neither true nor false.
        """
        if self.more is None or answer.response.status == NO_CONTENT:
            return False
        flag = str(value_at(answer.document, self.more)).lower()
        if flag not in {"true", "false"}:
            raise _unsaid(f"neither true nor false at '{self.more}'")
        return flag == "false"

    def is_reached(self, count_of_rows: int, answer: Answer) -> bool:
        """Whether so many rows are all that there are, where the source says how many."""
        return self.total is not None and count_of_rows >= whole_number(answer.document, self.total)


def distinct(answer: Answer, identify: Identify) -> list[Any]:
    """The rows' ids in order; a row that stands twice on a page counts once."""
    return list(dict.fromkeys(identify(row) for row in answer.rows))


def must_be_new(token: str, seen: set[str]) -> None:
    """Note what names the next page.

    Raises:
        Permanent: it has named a page before, so the list would never end.
    """
    if token in seen:
        raise Permanent("paging goes in circles: the same next page twice", reason=Reason.MALFORMED)
    seen.add(token)


def whole_number(document: Any, path: str) -> int:
    """The number at a path of an answer.

    Raises:
        Permanent: there is none.
    """
    number = value_at(document, path)
    if isinstance(number, str) and number.isdecimal():
        return int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise _unsaid(f"no whole number at '{path}'")
    return number


def _unsaid(what: str) -> Permanent:
    return Permanent(f"the answer has {what}, which says where the list ends", reason=Reason.SCHEMA)


def _put_into(body: Any, path: str, value: Any) -> Any:
    """A copy of the body with a value at a dotted path; a number leads into a list."""
    name, _, rest = path.partition(".")
    if isinstance(body, list | tuple) and name.isdecimal():
        items, place = list(body), int(name)
        items[place] = _put_into(items[place], rest, value) if rest else copy.deepcopy(value)
        return items
    changed: dict[str, Any] = dict(body) if isinstance(body, Mapping) else {}
    changed[name] = _put_into(changed.get(name), rest, value) if rest else copy.deepcopy(value)
    return changed


def _put_into_texts(call: Call, name: str, value: Any) -> Call:
    """The call with a value in place of its name in braces.

    Raises:
        Permanent: the value would change the meaning of what stands around it.
    """
    text = str(value)
    if not _PLAIN.fullmatch(text):
        raise Permanent(
            f"the value that the next page starts behind, for '{name}', cannot stand in a query",
            reason=Reason.SCHEMA,
        )

    def put(part: Any) -> Any:
        match part:
            case str():
                return part.replace(f"{{{name}}}", text)
            case Mapping():
                return {key: put(each) for key, each in part.items()}
            case list() | tuple():
                return [put(each) for each in part]
            case _:
                return part

    params = tuple((key, str(put(each))) for key, each in call.params)
    return replace(call, params=params, body=put(call.body))
