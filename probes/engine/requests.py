"""Requests as data: what a landscape says about a list, a record by id, a record by key.

Placeholders in braces stand for what differs from call to call. Values come from other systems,
so they are quoted for the place where they are put, or refused.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, Self
from urllib.parse import quote

from pydantic import AwareDatetime, Field, field_validator, model_validator

from monitor.core.errors import Permanent, Reason
from monitor.core.model import Window
from monitor.core.streams import Settings
from probes.engine.caller import Call
from probes.engine.errors import ErrorRow, Then
from probes.engine.pagination import NoPages, Paging
from probes.engine.selector import parse_path
from probes.engine.stamps import check_stamp_format, write_since, write_until

Scalar = str | bool | int | float
Values = Mapping[str, str | Sequence[str]]
"""What the placeholders stand for: one text, or several."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_UNSAFE = re.compile(r"['\"\\\x00-\x1f]")


class RequestSettings(Settings):
    """One kind of request, and where the rows are in its answer."""

    path: str
    """Under the system's base URL."""
    method: Literal["GET", "POST"] = "GET"
    """A POST must be one that only reads: it is repeated where that helps."""
    params: dict[str, Scalar | tuple[Scalar, ...]] = {}
    """Query parameters; a list gives the same parameter several times."""
    body: Any = None
    """Sent as JSON."""
    headers: dict[str, str] = {}
    select: str = "$"
    """Path of the rows in the answer: `$.items[*]`, `items`; `$` is the whole answer."""
    page: Paging = NoPages()
    """How the rows are handed out."""
    errors: tuple[ErrorRow, ...] = ()
    """Rows before those of the system's own error table."""

    @field_validator("select")
    @classmethod
    def _can_be_read(cls, path: str) -> str:
        parse_path(path)
        return path

    def mentions(self, *names: str) -> bool:
        """Whether one of the placeholders stands in path, parameters, body or headers."""
        places = f"{self.path} {self.params} {self.body} {self.headers}"
        return any(f"{{{name}}}" in places for name in names)


class ReadSettings(RequestSettings):
    """How the changes of a stream are asked for.

    A source that can filter by time takes the window in a parameter, or wherever `{since}` and
    `{until}` stand.
    """

    since_param: str | None = None
    """Parameter for the window's start; left out when the whole stream is read."""
    until_param: str | None = None
    """Parameter for the window's end."""
    time_format: str = "iso"
    """`iso`, `iso_ms`, `iso_s`, `epoch`, `epoch_ms`, or a strftime pattern."""
    zone: str = "UTC"
    """Time zone in which a strftime pattern is written."""
    beginning: AwareDatetime = _BEGINNING
    """What `{since}` stands for when the whole stream is read."""

    @model_validator(mode="after")
    def _can_be_written(self) -> Self:
        check_stamp_format(self.time_format, self.zone)
        return self

    def call(self, window: Window) -> Call:
        """The request for the first page of a window."""
        since = write_since(window.since or self.beginning, self.time_format, self.zone)
        until = write_until(window.until, self.time_format, self.zone)
        extra: list[tuple[str, str]] = []
        if self.since_param and window.since is not None:
            extra.append((self.since_param, since))
        if self.until_param:
            extra.append((self.until_param, until))
        return _build(self, {"since": since, "until": until}, extra, Style())


class IdsSettings(RequestSettings):
    """How every id of a stream is listed."""

    id: str | None = None
    """Path of the id in a row; None: as the stream says. `$` for a list of bare ids."""

    def call(self) -> Call:
        """The request for the first page."""
        return _build(self, {}, (), Style())


class ByValueSettings(RequestSettings):
    """How records are asked for by given values, one by one or in batches."""

    singular: ClassVar[str]
    plural: ClassVar[str]

    param: str | None = None
    """Parameter for the values, instead of a placeholder."""
    batch: int = Field(default=1, ge=1, le=1000)
    """Values in one request."""
    join: str | None = ","
    """Text between several values in one place; null repeats the parameter instead."""
    quote: Literal["none", "doubled", "backslash", "json"] = "none"
    """Quotes around each value inside a query language: `'it''s'` (SQL, OData), `'it\\'s'`
    (SOQL), `"it's"` (GraphQL)."""

    numbers: bool = False
    """A body takes the values as whole numbers, not as text."""

    @model_validator(mode="after")
    def _takes_values(self) -> Self:
        if self.param is None and not self.mentions(self.singular, self.plural):
            raise ValueError(f"needs param, or the placeholder {{{self.singular}}}")
        if self.batch > 1 and self.mentions(self.singular):
            raise ValueError(
                f"{{{self.singular}}} is for one value; a batch needs {{{self.plural}}}"
            )
        return self

    def calls(self, values: Sequence[str]) -> Iterator[tuple[Sequence[str], Call]]:
        """Requests for all the values, each with those that it asks for."""
        for start in range(0, len(values), self.batch):
            some = values[start : start + self.batch]
            yield some, self._call(some)

    def _call(self, values: Sequence[str]) -> Call:
        style = Style(self.join if self.join is not None else ",", self.quote, self.numbers)
        extra: Sequence[tuple[str, str]] = ()
        if self.param is not None and self.join is None:
            extra = [(self.param, style.text((value,), is_alone=True)) for value in values]
        elif self.param is not None:
            extra = [(self.param, style.text(values, is_alone=True))]
        return _build(self, {self.singular: values[0], self.plural: values}, extra, style)


class FetchSettings(ByValueSettings):
    """How records are read by native id: `{id}`, or `{ids}` for a batch."""

    singular: ClassVar[str] = "id"
    plural: ClassVar[str] = "ids"

    def call_for(self, native_id: str) -> Call:
        """The request for one record; an answer without content where there is no such record.

        404 on the address of one record says that it does not exist; on a list, that we err.
        """
        ((_, call),) = self.calls([native_id])
        return absent_if_missing(self, call)


def absent_if_missing(request: FetchSettings, call: Call) -> Call:
    """A call for records by id that takes 404 for an answer where it asks for one of them."""
    if not request.mentions("id"):
        return call
    missing = ErrorRow(status=(404, 410), then=Then.EMPTY, reason=Reason.NOT_FOUND)
    return replace(call, errors=(*call.errors, missing))


class LookupSettings(ByValueSettings):
    """How records are found by a business key: `{value}`, or `{values}` for a batch."""

    singular: ClassVar[str] = "value"
    plural: ClassVar[str] = "values"


@dataclass(frozen=True, slots=True)
class Style:
    """How values become text."""

    join: str = ","
    quote: Literal["none", "doubled", "backslash", "json"] = "none"
    numbers: bool = False

    def bound(self, value: str) -> str | int:
        """One value that stands alone in a body.

        Raises:
            Permanent: it should be a number, and is none.
        """
        if not self.numbers:
            return value
        if not re.fullmatch(r"[0-9]{1,18}", value):
            raise Permanent(
                "a value should be a whole number, is other text", reason=Reason.UNSUPPORTED
            )
        return int(value)

    def text(self, values: str | Sequence[str], *, is_alone: bool) -> str:
        """The values in one text; `is_alone`: nothing else stands there.

        Raises:
            Permanent: a value would change the meaning of what stands around it.
        """
        several = (values,) if isinstance(values, str) else values
        return self.join.join(
            self._quoted(value, is_alone=is_alone and len(several) == 1) for value in several
        )

    def _quoted(self, value: str, *, is_alone: bool) -> str:
        match self.quote:
            case "doubled":
                return "'" + value.replace("'", "''") + "'"
            case "backslash":
                return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
            case "json":
                return json.dumps(value)
            case _ if not is_alone and (self.join in value or _UNSAFE.search(value)):
                raise Permanent(
                    "a value holds quotes or separators, which this request cannot carry;"
                    " say how to quote it with 'quote', or ask for one value at a time",
                    reason=Reason.UNSUPPORTED,
                )
            case _:
                return value


def _build(
    settings: RequestSettings, values: Values, extra: Sequence[tuple[str, str]], style: Style
) -> Call:
    params = [
        (name, fill_text(each, values, style) if isinstance(each, str) else _literal(each))
        for name, given in settings.params.items()
        for each in (given if isinstance(given, tuple) else (given,))
    ]
    return Call(
        method=settings.method,
        url=fill_path(settings.path, values),
        params=(*params, *extra),
        body=fill_body(settings.body, values, style),
        headers={name: fill_text(each, values, style) for name, each in settings.headers.items()},
        repeatable=True,
        errors=settings.errors,
    )


def _literal(scalar: bool | int | float) -> str:
    return str(scalar).lower() if isinstance(scalar, bool) else str(scalar)


def fill_text(template: str, values: Values, style: Style) -> str:
    """Text with values for its placeholders.

    Raises:
        Permanent: a value would change the meaning of what stands around it.
    """

    def insert(found: re.Match[str]) -> str:
        return style.text(values[found[1]], is_alone=found[0] == template)

    return _placeholder(values).sub(insert, template)


def fill_path(template: str, values: Values) -> str:
    """A path with values for its placeholders, each of them one segment."""

    def insert(found: re.Match[str]) -> str:
        value = values[found[1]]
        several = (value,) if isinstance(value, str) else value
        return ",".join(_path_segment(each) for each in several)

    return _placeholder(values).sub(insert, template)


def _path_segment(value: str) -> str:
    """Quoted so that it stays one segment: neither a slash nor `..` leads elsewhere."""
    return quote(value, safe="") if value.strip(".") else value.replace(".", "%2E")


def fill_body(template: Any, values: Values, style: Style) -> Any:
    """A document with values for the placeholders in its texts; raises as `fill_text`."""
    match template:
        case str() if template[:1] == "{" and template[1:-1] in values and template[-1] == "}":
            bound = values[template[1:-1]]
            return style.bound(bound) if isinstance(bound, str) else list(map(style.bound, bound))
        case str():
            return fill_text(template, values, style)
        case Mapping():
            return {name: fill_body(each, values, style) for name, each in template.items()}
        case list() | tuple():
            return [fill_body(each, values, style) for each in template]
        case _:
            return template


def _placeholder(values: Values) -> re.Pattern[str]:
    names = "|".join(map(re.escape, values))
    return re.compile(r"\{(" + names + r")\}" if names else r"(?!)")
