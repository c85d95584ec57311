"""What a receiver over HTTP answers, and where it is: shared by every channel that posts to one."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from pydantic import AfterValidator, AnyHttpUrl, Secret

from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.response import read_http_date
from monitor.transport import Response, Transport

LONGEST_WAIT = 3_600.0
"""Seconds; no receiver can silence a channel for longer."""

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer that are taken; no receiver has to say more."""

_PERMANENT: Mapping[int, Reason] = {
    401: Reason.CREDENTIALS,
    403: Reason.CREDENTIALS,
    404: Reason.NOT_FOUND,
    410: Reason.NOT_FOUND,
    413: Reason.TOO_LARGE,
}
_TRANSIENT: Mapping[int, Reason] = {
    408: Reason.DEADLINE,
    425: Reason.THROTTLED,
    429: Reason.THROTTLED,
    503: Reason.THROTTLED,
}
_Expected = TypeVar("_Expected")

_SUCCESS = range(200, 300)
_SERVER_ERRORS = range(500, 600)


def _refuse_credentials(address: Secret[AnyHttpUrl]) -> Secret[AnyHttpUrl]:
    url = address.get_secret_value()
    if url.username or url.password:
        raise ValueError("the address may hold no user name and no password")
    return address


SecretUrl = Annotated[Secret[AnyHttpUrl], AfterValidator(_refuse_credentials)]
"""An address that is kept like a secret, because many receivers put a token into the path."""


def transport_to(address: AnyHttpUrl) -> Transport:
    """Connections to where an address lies."""
    return Transport(f"{address.scheme}://{address.host}:{address.port}", max_bytes=MAX_ANSWER)


def explain(answer: Response, now: datetime) -> TieoutError | None:
    """The typed error for an answer that is no success; None for a success."""
    status = answer.status
    message = f"the receiver answered {status}"
    if status in _SUCCESS:
        return None
    if status in _TRANSIENT:
        wait = read_retry_after(answer, now)
        return Transient(message, reason=_TRANSIENT[status], retry_after=wait)
    if status in _SERVER_ERRORS:
        return Transient(message, reason=Reason.SERVER_ERROR)
    return Permanent(message, reason=_PERMANENT.get(status, Reason.REFUSED))


def read_as(answer: Response, expected: type[_Expected]) -> _Expected:
    """An answer in the shape that its sender documents.

    Raises:
        Transient: it has another one, as a proxy's page has.
        Permanent: it holds what no JSON should.
    """
    document = answer.json()
    try:
        return msgspec.convert(document, expected)
    except msgspec.ValidationError:
        unreadable = Transient("the receiver's answer cannot be read", reason=Reason.MALFORMED)
    # Raised out here, so that an error which quotes the answer is not chained.
    raise unreadable


def read_retry_after(answer: Response, now: datetime) -> float | None:
    """Seconds that the receiver asks to wait, from either form (RFC 9110, 10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), LONGEST_WAIT)
    moment = read_http_date(text) if text else None
    if moment is None:
        return None
    return min(max(0.0, (moment - (answer.date or now)).total_seconds()), LONGEST_WAIT)
