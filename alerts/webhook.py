"""A webhook: one signed JSON document a notice, for any receiver that speaks HTTP."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AnyHttpUrl, Field, Secret, SecretStr

from alerts.document import document_of
from alerts.escaping import cut, one_line
from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.notices import Delivery, Notice
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings
from monitor.response import read_http_date
from monitor.transport import Response, Transport

LONGEST_WAIT = 3_600.0
"""Seconds; no receiver can silence a channel for longer."""

_MAX_ANSWER = 1024 * 1024
_MAX_REFERENCE = 200

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
_SUCCESS = range(200, 300)
_SERVER_ERRORS = range(500, 600)


def _refuse_credentials(address: Secret[AnyHttpUrl]) -> Secret[AnyHttpUrl]:
    url = address.get_secret_value()
    if url.username or url.password:
        raise ValueError("the address may hold no user name and no password")
    return address


class WebhookSettings(Settings):
    """A receiver of signed JSON documents."""

    channel: Literal["webhook"]
    url: Annotated[Secret[AnyHttpUrl], AfterValidator(_refuse_credentials)]
    """Where to post; kept like a secret, because many receivers put a token into the path."""
    secret: SecretStr = Field(min_length=16)
    """Shared with the receiver, as a reference: `${env:HOOK_SECRET}` or `${file:…}`."""
    timeout: Duration = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How long the whole call may take."""


class WebhookChannel:
    """Posts notices to one receiver. Safe to use from several threads."""

    def __init__(self, settings: WebhookSettings, context: ChannelContext) -> None:
        url = settings.url.get_secret_value()
        self._url = str(url)
        self._secret = settings.secret
        self._timeout = settings.timeout
        self._clock = context.clock
        self._transport = Transport(f"{url.scheme}://{url.host}:{url.port}", max_bytes=_MAX_ANSWER)

    def send(self, notice: Notice) -> Delivery:
        """Post the notice; any 2xx means that the receiver has it."""
        body = document_of(notice)
        timestamp = str(int(self._clock().timestamp()))
        answer = self._transport.request(
            "POST",
            self._url,
            headers={
                "Content-Type": "application/json",
                "Tieout-Notice": notice.id,
                "Tieout-Timestamp": timestamp,
                "Tieout-Signature": sign(self._secret, timestamp, body),
            },
            content=body,
            time_limit=TimeLimit.of(self._timeout),
        )
        failure = explain(answer, self._clock())
        if failure is not None:
            raise failure
        return Delivery(cut(one_line(answer.headers.get("x-request-id", "")), _MAX_REFERENCE))

    def find(self, notice: Notice) -> Delivery | None:
        """Never: a webhook cannot be asked. The receiver knows a repetition by `Tieout-Notice`."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()


def sign(secret: SecretStr, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp.body`, as `v1=` and hexadecimal digits."""
    key = secret.get_secret_value().encode()
    return "v1=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


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


def read_retry_after(answer: Response, now: datetime) -> float | None:
    """Seconds that the receiver asks to wait, from either form (RFC 9110, 10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), LONGEST_WAIT)
    moment = read_http_date(text) if text else None
    if moment is None:
        return None
    return min(max(0.0, (moment - (answer.date or now)).total_seconds()), LONGEST_WAIT)


build = WebhookChannel
"""As the table of channels finds it."""
