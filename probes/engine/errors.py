"""What an answer means for the look: go on, try again, renew the credential, or give up.

The table is data: a system's own rows come first, then the defaults of HTTP (RFC 9110, 6585).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.streams import Settings
from monitor.response import Response, read_http_date
from probes.engine.selector import value_at

_SEARCHED = 64 * 1024


class Then(StrEnum):
    """What to do about an answer."""

    RETRY = "retry"
    REFRESH = "refresh"
    FAIL = "fail"
    EMPTY = "empty"


class ErrorRow(Settings):
    """One row of a system's error table; the first that fits decides."""

    status: int | tuple[int, ...] = ()
    """Status code or codes; none: any, and then `body` or `present` must be given."""
    body: str | None = None
    """Regular expression that the first 64 KiB of the body must hold."""
    present: str | None = None
    """Path in the JSON body at which something must stand (errors inside a 200)."""
    then: Then
    """`retry` later, `refresh` the credential once, `fail`, or take it as `empty`."""
    reason: Reason = Reason.REFUSED

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.status == () and self.body is None and self.present is None:
            raise ValueError("a row needs a status, a body or a present path")
        if self.body is not None:
            try:
                re.compile(self.body)
            except re.error as error:
                raise ValueError(f"body is not a regular expression: {error}") from None
        return self

    def fits(self, response: Response) -> bool:
        """Whether the answer is the one that the row speaks of."""
        statuses = (self.status,) if isinstance(self.status, int) else self.status
        if statuses and response.status not in statuses:
            return False
        if self.body is not None:
            text = response.body[:_SEARCHED].decode("utf-8", "replace")
            if re.search(self.body, text) is None:
                return False
        return self.present is None or _holds(response, self.present)


DEFAULT_ROWS: Sequence[ErrorRow] = (
    ErrorRow(status=401, then=Then.REFRESH, reason=Reason.CREDENTIALS),
    ErrorRow(status=403, then=Then.FAIL, reason=Reason.CREDENTIALS),
    ErrorRow(status=404, then=Then.FAIL, reason=Reason.NOT_FOUND),
    ErrorRow(status=(425, 429, 503), then=Then.RETRY, reason=Reason.THROTTLED),
    ErrorRow(status=408, then=Then.RETRY, reason=Reason.DEADLINE),
    ErrorRow(status=tuple(range(500, 600)), then=Then.RETRY, reason=Reason.SERVER_ERROR),
    ErrorRow(status=tuple(range(300, 500)), then=Then.FAIL, reason=Reason.REFUSED),
)


_PERHAPS_WRITTEN: Sequence[ErrorRow] = (
    ErrorRow(status=tuple(range(500, 600)), then=Then.RETRY, reason=Reason.SERVER_ERROR),
    ErrorRow(status=tuple(range(300, 400)), then=Then.RETRY, reason=Reason.MALFORMED),
)
"""A server may fail, or point elsewhere, after it did what it was asked: 503 of a proxy, 303."""

_NOT_WRITTEN: Sequence[ErrorRow] = (
    ErrorRow(status=(409, 412), then=Then.FAIL, reason=Reason.CONFLICT),
    *DEFAULT_ROWS,
)


def rows_for_writing(own: Sequence[ErrorRow], system: Sequence[ErrorRow]) -> Sequence[ErrorRow]:
    """What answers mean to a call that changes something, down to HTTP's own meaning.

    Args:
        own: rows for just this kind of call; they are taken at their word.
        system: rows made for reading. They do not make an effect out of an error, nor certainty
            out of a server's failure.
    """
    not_empty = (row for row in system if row.then is not Then.EMPTY)
    return (*own, *_PERHAPS_WRITTEN, *not_empty, *_NOT_WRITTEN)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means.

    Attributes:
        then: what to do.
        reason: why, for people and the metric.
        status: HTTP status of the answer.
        retry_after: seconds that the other side asked us to wait; None where it did not say.
    """

    then: Then
    reason: Reason
    status: int
    retry_after: float | None = None

    def error(self, who: str, said: str = "") -> Transient | Permanent:
        """The failure to raise when nothing better can be done; `who` answered, and said so."""
        message = f"{who} answered {self.status}: {self.reason.value.replace('_', ' ')}"
        if said:
            message += f"; it said: {said}"
        if self.then is Then.RETRY:
            return Transient(message, reason=self.reason, retry_after=self.retry_after)
        return Permanent(message, reason=self.reason)


def judge(response: Response, rows: Sequence[ErrorRow], now: datetime) -> Verdict | None:
    """The first row that fits, the defaults last; None for an answer that can be used.

    Args:
        response: what came back.
        rows: the system's own, in its order.
        now: the present, to read a Retry-After that names an instant.
    """
    for row in (*rows, *DEFAULT_ROWS):
        if row.fits(response):
            wait = read_retry_after(response.headers.get("retry-after"), response.date or now)
            return Verdict(row.then, row.reason, response.status, wait)
    return None


def read_retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds to wait, from either form of the header (RFC 9110, 10.2.3); None if unreadable."""
    if text is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}(\.\d+)?\s*", text):
        return float(text)
    moment = read_http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _holds(response: Response, path: str) -> bool:
    try:
        found = value_at(response.json_rows(), path)
    except (Transient, Permanent):
        return False
    return found not in (None, "", [], {}, False)
