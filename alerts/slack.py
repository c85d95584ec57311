"""Slack: a message in a conversation, by a bot token with `chat:write`.

With `channels:history` (or `groups:history`) the channel can also tell whether a message was
posted just before a crash; without it, such a notice is posted again.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AnyHttpUrl, Field, SecretStr
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.models.metadata import Metadata
from slack_sdk.web import SlackResponse

from alerts.blocks import compose_message
from alerts.slack_errors import explain
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.notices import Delivery, Notice
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings

EVENT_TYPE = "tieout_notice"
"""Metadata type under which a message carries its notice's identifier."""

PACE = timedelta(seconds=1)
"""Slack takes about one message a second in one conversation (docs.slack.dev, "Rate limits")."""

_PAGE = 200
_MAX_PAGES = 10
_CLOCK_MARGIN = timedelta(minutes=5)

_sdk_logger = logging.getLogger("slack_sdk.tieout")
_sdk_logger.setLevel(logging.CRITICAL)
"""The SDK logs message texts at DEBUG, and at ERROR what our typed errors say already."""


class SlackSettings(Settings):
    """A conversation in Slack."""

    channel: Literal["slack"]
    token: SecretStr
    """Bot token, as a reference: `${env:SLACK_TOKEN}` or `${file:…}`."""
    conversation: Annotated[str, Field(pattern=r"^[CDG][A-Z0-9]{2,}$")]
    """Identifier of the conversation (its details in Slack show it), not its name."""
    base_url: AnyHttpUrl = AnyHttpUrl("https://slack.com/api/")
    timeout: Duration = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How long to wait for an answer."""


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


class SlackChannel:
    """Posts notices to one conversation, at most one a second. Safe to use from several threads."""

    def __init__(self, settings: SlackSettings, context: ChannelContext) -> None:
        self._conversation = settings.conversation
        self._clock = context.clock
        self._sleep = context.sleep
        self._posted_at: datetime | None = None
        self._turn = threading.Lock()
        self._client = WebClient(
            token=settings.token.get_secret_value(),
            base_url=str(settings.base_url),
            timeout=int(settings.timeout.total_seconds()),
            logger=_sdk_logger,
            retry_handlers=[],  # the outbox tries again; a post is not safe to repeat unseen
        )

    def send(self, notice: Notice) -> Delivery:
        """Post the notice."""
        message = compose_message(notice)
        with self._turn:
            self._wait_for_turn()
            answer = _ask(
                lambda: self._client.chat_postMessage(
                    channel=self._conversation,
                    text=message.text,
                    blocks=message.blocks,
                    metadata=Metadata(EVENT_TYPE, {"id": notice.id}),
                    parse="none",
                    link_names=False,
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )
        return Delivery(str(answer.get("ts", "")))

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
        """Nothing to let go of: each call has its own connection."""

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
        try:
            answer = _ask(
                lambda: self._client.conversations_history(
                    channel=self._conversation,
                    oldest=oldest,
                    limit=_PAGE,
                    include_all_metadata=True,
                    cursor=cursor or None,
                )
            )
        except Permanent as error:
            if error.reason is Reason.UNSUPPORTED:
                return None
            raise
        try:
            return msgspec.convert(answer.data, _History)
        except msgspec.ValidationError:
            raise _unreadable() from None


def _identifier(message: _Message) -> str | None:
    if message.metadata is None or message.metadata.event_type != EVENT_TYPE:
        return None
    return message.metadata.event_payload.get("id")


def _ask(call: Callable[[], SlackResponse]) -> SlackResponse:
    """Make the call, and let nothing of the SDK's out: its errors hold the request's headers."""
    failure: TieoutError
    try:
        return call()
    except SlackApiError as error:
        failure = explain(error.response)
    except (OSError, HTTPException, SlackClientError):
        failure = Transient("Slack cannot be reached", reason=Reason.UNREACHABLE)
    except (AttributeError, LookupError, TypeError, ValueError):
        # The SDK takes it for granted that every answer is a JSON object in a known encoding.
        failure = _unreadable()
    # Raised out here, so that the SDK's error is not chained.
    raise failure


def _unreadable() -> Transient:
    return Transient("Slack's answer cannot be read", reason=Reason.MALFORMED)
