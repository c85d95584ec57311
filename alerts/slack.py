"""Slack: one living message an incident, by a bot token with `chat:write`.

The message is edited in place as the incident changes, and its thread keeps the history. With
`channels:history` (or `groups:history`) the channel can also tell what was posted just before a
crash; without it, that is posted again.

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

from alerts.blocks import SlackMessage, compose_message, compose_reply, measure_message
from alerts.slack_actions import ignore_form
from alerts.slack_errors import explain
from monitor.core.answers import Form
from monitor.core.clock import TimeLimit
from monitor.core.drafts import Draft
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.incidents import Message, Told
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings
from monitor.transport import Transport

EVENT_TYPE = "tieout_incident"
"""Metadata type under which a message carries which incident it tells of, and how much of it."""

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
    app_token: SecretStr | None = None
    """App-level token with `connections:write`: what people press and type comes through a
    connection that tieout opens (Socket Mode), so no port is open to anybody."""
    signing_secret: SecretStr | None = None
    """The app's signing secret: what people press and type is taken at `/slack` of the page."""

    @property
    def hears(self) -> bool:
        """Whether what people press and type comes to tieout."""
        return self.app_token is not None or self.signing_secret is not None


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


class _Accepted(msgspec.Struct):
    ok: bool


_Answer = TypeVar("_Answer", _Posted, _History, _Accepted)


class SlackChannel:
    """Shows incidents in one conversation. Safe to use from several threads.

    It says at most one thing a second.
    """

    def __init__(self, settings: SlackSettings, context: ChannelContext) -> None:
        self.settings = settings
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

    def tell(self, message: Message, told: Told | None) -> Told:
        """Post the incident, or edit its message and tell the thread what happened since."""
        events = len(message.history)
        if told is None:
            return Told(self._post(self._compose(message), message.key, events), events)
        try:
            self._update(told.reference, self._compose(message))
        except Permanent as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            # Somebody took the message away; what it says still has to be said.
            return self.tell(message, None)
        if news := message.history[told.events :]:
            self._post(compose_reply(news), message.key, events, thread=told.reference)
        return Told(told.reference, events)

    @property
    def has_socket(self) -> bool:
        """Whether it is answered through a connection that tieout opens."""
        return self.settings.app_token is not None

    def show_form(self, trigger: str, form: Form) -> None:
        """Ask whoever pressed a button for what it needs; Slack allows that for three seconds.

        Raises:
            Transient, Permanent: Slack did not take it.
        """
        view = ignore_form(form).to_dict()
        self._call("views.open", _Accepted, json={"trigger_id": trigger, "view": view})

    def whisper(self, member: str, text: str) -> None:
        """Tell one person of the conversation something that nobody else sees.

        Raises:
            Transient, Permanent: Slack did not take it.
        """
        document = {"channel": self._conversation, "user": member, "text": text}
        self._call("chat.postEphemeral", _Accepted, json=document)

    def draft(self, message: Message) -> Draft:
        """What would be posted."""
        shown = self._compose(message)
        return Draft(self._document(shown), measure_message(shown))

    def find(self, message: Message) -> Told | None:
        """Look for the incident's message since it came up, and how far its thread has got."""
        oldest = str((message.incident.opened_at - _CLOCK_MARGIN).timestamp())
        found = self._search("conversations.history", message.key, {"oldest": oldest})
        if not found:
            return None
        reference, events = found[0]
        replies = self._search("conversations.replies", message.key, {"ts": reference})
        return Told(reference, max([events, *(count for _, count in replies)]))

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()

    def _compose(self, message: Message) -> SlackMessage:
        return compose_message(message, acts=self.settings.hears)

    def _wait_for_turn(self) -> None:
        now = self._clock()
        if self._posted_at is not None:
            left = self._posted_at + PACE - now
            if left > timedelta(0):
                # A clock that was set back must not silence the channel.
                self._sleep(min(left, PACE).total_seconds())
        self._posted_at = self._clock()

    def _post(
        self, message: SlackMessage, key: str, events: int, *, thread: str | None = None
    ) -> str:
        """Post a message; returns its stamp, which is how Slack calls it."""
        document = {
            **self._document(message),
            "metadata": Metadata(EVENT_TYPE, {"key": key, "events": events}).to_dict(),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if thread is not None:
            document["thread_ts"] = thread
        with self._turn:
            self._wait_for_turn()
            return self._call("chat.postMessage", _Posted, json=document).ts

    def _update(self, stamp: str, message: SlackMessage) -> None:
        """Edit a message of ours; its metadata stays as it was posted."""
        with self._turn:
            self._wait_for_turn()
            self._call("chat.update", _Posted, json={**self._document(message), "ts": stamp})

    def _document(self, message: SlackMessage) -> dict[str, Any]:
        return {
            "channel": self._conversation,
            "text": message.text,
            "blocks": message.blocks,
            "parse": "none",
            "link_names": False,
        }

    def _search(self, method: str, key: str, form: Mapping[str, str]) -> list[tuple[str, int]]:
        """Stamps of messages of an incident, and how many steps of its history each knows."""
        found: list[tuple[str, int]] = []
        cursor = ""
        for _ in range(_MAX_PAGES):
            history = self._read_history(method, form, cursor)
            if history is None:
                return []
            found += [
                (each.ts, events)
                for each in history.messages
                if (events := _events_of(each, key)) is not None
            ]
            cursor = history.response_metadata.next_cursor if history.response_metadata else ""
            if not cursor:
                break
        return sorted(found)

    def _read_history(self, method: str, asked: Mapping[str, str], cursor: str) -> _History | None:
        """One page; None where the token may not read it."""
        form = {
            "channel": self._conversation,
            "limit": str(_PAGE),
            "include_all_metadata": "true",
            **asked,
        }
        try:
            return self._call(method, _History, form={**form, "cursor": cursor} if cursor else form)
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
        failure = explain(response, self._clock())
        if failure is not None:
            raise failure
        try:
            return msgspec.convert(response.json(), expected)
        except msgspec.ValidationError:
            unreadable = Transient("Slack's answer cannot be read", reason=Reason.MALFORMED)
        # Raised out here, so that an error which quotes the answer is not chained.
        raise unreadable


def _events_of(message: _Message, key: str) -> int | None:
    """How much of an incident a message tells; None where it is about something else."""
    if message.metadata is None or message.metadata.event_type != EVENT_TYPE:
        return None
    payload = message.metadata.event_payload
    events = payload.get("events")
    return events if payload.get("key") == key and isinstance(events, int) else None


build = SlackChannel
"""As the table of channels finds it."""
