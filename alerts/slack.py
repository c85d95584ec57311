"""Slack: a message in a conversation, by a bot token with `chat:write`.

With `channels:history` (or `groups:history`) the channel can also tell whether a message was
posted just before a crash; without it, such a notice is posted again.

The SDK makes the blocks; its HTTP client is left aside, because it follows a redirect to any
host with the token in hand, and limits neither the time nor the size of an answer.
"""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from pydantic import AnyHttpUrl, Field, SecretStr
from slack_sdk.models.metadata import Metadata

from alerts.blocks import compose_message
from alerts.slack_errors import explain
from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.notices import Delivery, Notice
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings
from monitor.transport import Transport

EVENT_TYPE = "tieout_notice"
"""Metadata type under which a message carries its notice's identifier."""

PACE = timedelta(seconds=1)
"""Slack takes about one message a second in one conversation (docs.slack.dev, "Rate limits")."""

_MAX_ANSWER = 8 * 1024 * 1024
_PAGE = 200
_MAX_PAGES = 10
_CLOCK_MARGIN = timedelta(minutes=5)


class SlackSettings(Settings):
    """A conversation in Slack."""

    channel: Literal["slack"]
    token: SecretStr
    """Bot token, as a reference: `${env:SLACK_TOKEN}` or `${file:…}`."""
    conversation: Annotated[str, Field(pattern=r"^[CDG][A-Z0-9]{2,}$")]
    """Identifier of the conversation (its details in Slack show it), not its name."""
    base_url: AnyHttpUrl = AnyHttpUrl("https://slack.com/api/")
    timeout: Duration = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How long a whole call may take."""


class _Posted(msgspec.Struct):
    ts: str


class _Next(msgspec.Struct):
    next_cursor: str = ""


class _Metadata(msgspec.Struct):
    event_type: str = ""
    event_payload: dict[str, Any] = {}


class _Message(msgspec.Struct):
    ts: str = ""
    metadata: _Metadata | None = None


class _History(msgspec.Struct):
    messages: list[_Message]
    response_metadata: _Next | None = None


_Answer = TypeVar("_Answer", _Posted, _History)


class SlackChannel:
    """Posts notices to one conversation, at most one a second. Safe to use from several threads."""

    def __init__(self, settings: SlackSettings, context: ChannelContext) -> None:
        self._conversation = settings.conversation
        self._timeout = settings.timeout
        self._clock = context.clock
        self._sleep = context.sleep
        self._posted_at: datetime | None = None
        self._turn = threading.Lock()
        self._transport = Transport(
            str(settings.base_url),
            headers={"Authorization": f"Bearer {settings.token.get_secret_value()}"},
            max_bytes=_MAX_ANSWER,
        )

    def send(self, notice: Notice) -> Delivery:
        """Post the notice."""
        message = compose_message(notice)
        document = {
            "channel": self._conversation,
            "text": message.text,
            "blocks": message.blocks,
            "metadata": Metadata(EVENT_TYPE, {"id": notice.id}).to_dict(),
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        with self._turn:
            self._wait_for_turn()
            posted = self._call("chat.postMessage", _Posted, json=document)
        return Delivery(posted.ts)

    def find(self, notice: Notice) -> Delivery | None:
        """Look for the notice's identifier in what was posted since it came up."""
        oldest = str((notice.at - _CLOCK_MARGIN).timestamp())
        cursor = ""
        for _ in range(_MAX_PAGES):
            history = self._read_history(oldest, cursor)
            if history is None:
                return None
            for message in history.messages:
                if _identifier(message) == notice.id:
                    return Delivery(message.ts)
            cursor = history.response_metadata.next_cursor if history.response_metadata else ""
            if not cursor:
                return None
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()

    def _wait_for_turn(self) -> None:
        now = self._clock()
        if self._posted_at is not None:
            left = self._posted_at + PACE - now
            if left > timedelta(0):
                # A clock that was set back must not silence the channel.
                self._sleep(min(left, PACE).total_seconds())
        self._posted_at = self._clock()

    def _read_history(self, oldest: str, cursor: str) -> _History | None:
        """One page, newest first; None where the token may not read it."""
        form = {
            "channel": self._conversation,
            "oldest": oldest,
            "limit": str(_PAGE),
            "include_all_metadata": "true",
        }
        try:
            return self._call(
                "conversations.history",
                _History,
                form={**form, "cursor": cursor} if cursor else form,
            )
        except Permanent as error:
            if error.reason is Reason.UNSUPPORTED:
                return None
            raise

    def _call(
        self,
        method: str,
        expected: type[_Answer],
        *,
        json: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> _Answer:
        """What one method of Slack's Web API answers when it succeeds."""
        response = self._transport.request(
            "POST", method, json=json, form=form, time_limit=TimeLimit.of(self._timeout)
        )
        failure = explain(response)
        if failure is not None:
            raise failure
        try:
            return msgspec.convert(response.json(), expected)
        except msgspec.ValidationError:
            unreadable = Transient("Slack's answer cannot be read", reason=Reason.MALFORMED)
        # Raised out here, so that an error which quotes the answer is not chained.
        raise unreadable


def _identifier(message: _Message) -> str | None:
    if message.metadata is None or message.metadata.event_type != EVENT_TYPE:
        return None
    return message.metadata.event_payload.get("id")


build = SlackChannel
"""As the table of channels finds it."""
