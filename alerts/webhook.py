"""A webhook: one signed JSON document a notice, for any receiver that speaks HTTP."""

import hashlib
import hmac
from datetime import timedelta
from typing import Literal

import msgspec
from pydantic import Field, SecretStr

from alerts.answers import SecretUrl, explain, transport_to
from alerts.document import document_of
from alerts.escaping import cut, one_line
from monitor.core.clock import TimeLimit
from monitor.core.drafts import Draft
from monitor.core.incidents import Message
from monitor.core.notices import Delivery, Notice
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings

_MAX_REFERENCE = 200


class WebhookSettings(Settings):
    """A receiver of signed JSON documents."""

    channel: Literal["webhook"]
    url: SecretUrl
    """Where to post."""
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
        self._transport = transport_to(url)

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

    def draft(self, message: Message) -> Draft:
        """What would be posted of its worst break; null where it is about none."""
        worst = message.worst
        return Draft(None if worst is None else msgspec.json.decode(document_of(worst)))

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


build = WebhookChannel
"""As the table of channels finds it."""
