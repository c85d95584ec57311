"""Microsoft Teams: what is new of an incident, as an adaptive card by a workflow's webhook.

A workflow can edit nothing, so each piece of news is a card of its own.
Source: learn.microsoft.com, "Create incoming webhooks with Workflows for Microsoft Teams" (28 KB a
message).
"""

from datetime import timedelta
from typing import Any, Literal

import msgspec
from pydantic import Field

from alerts.answers import SecretUrl
from alerts.escaping import cut, one_line
from alerts.incident_facts import facts_of_incident, outcome_of
from alerts.incident_text import foot_of
from alerts.news import news_of, told_all
from alerts.passages import addresses_of, passages_of
from alerts.posting import Poster
from monitor.core.breaks import Severity
from monitor.core.drafts import Draft, Measure
from monitor.core.incidents import IncidentState, Message, Told
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings

MAX_BYTES = 28 * 1024
MAX_LINES = 40
MAX_LINE = 500
"""Characters; some twenty lines stay far below what Teams takes."""

_COLOURS = {Severity.CRITICAL: "attention", Severity.WARNING: "warning", Severity.INFO: "accent"}


class TeamsSettings(Settings):
    """A conversation in Teams, by a workflow that posts what its webhook gets."""

    channel: Literal["teams"]
    url: SecretUrl
    """The workflow's address, as a reference: whoever knows it can post."""
    timeout: Duration = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How long a whole call may take."""


class TeamsChannel:
    """Posts cards to one conversation. Safe to use from several threads."""

    def __init__(self, settings: TeamsSettings, context: ChannelContext) -> None:
        self._poster = Poster(settings.url.get_secret_value(), settings.timeout, context.clock)

    def tell(self, message: Message, told: Told | None) -> Told:
        """Post the incident as it stands, if something is new that people have to hear of."""
        if news_of(message, told):
            self._poster.post(self.draft(message).body)
        return told_all(message)

    def draft(self, message: Message) -> Draft:
        """What would be posted."""
        content_type = "application/vnd.microsoft.card.adaptive"
        card = {"contentType": content_type, "content": _card(message)}
        body = {"type": "message", "attachments": [card]}
        return Draft(body, (Measure("bytes", len(msgspec.json.encode(body)), MAX_BYTES),))

    def find(self, message: Message) -> Told | None:
        """Never: a webhook cannot be asked."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._poster.close()


def _card(message: Message) -> dict[str, Any]:
    """An adaptive card whose texts are runs, which know neither links nor marks."""
    incident = message.incident
    is_over = incident.state is IncidentState.RESOLVED
    colour = "good" if is_over else _COLOURS[incident.severity]
    body: list[dict[str, Any]] = [
        _text(message.title, size="large", weight="bolder", color=colour),
        _text(f"{incident.state.value} · {incident.severity.value} · incident {incident.id}"),
    ]
    body += _own_words(message) if message.words.text else _our_words(message)
    if foot := foot_of(message):
        body.append(_text(foot))
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if addresses := addresses_of(message):
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": each.name, "url": each.url} for each in addresses
        ]
    return card


def _own_words(message: Message) -> list[dict[str, Any]]:
    return [_text(line) for line in message.words.text.splitlines()[:MAX_LINES] if line.strip()]


def _our_words(message: Message) -> list[dict[str, Any]]:
    outcome = outcome_of(message)
    body = [_text(outcome)] if outcome else []
    body += [_text(f"{fact.label}: {fact.value}") for fact in facts_of_incident(message)]
    for passage in passages_of(message):
        body.append(_text(passage.heading, weight="bolder"))
        body += [_text(line) for line in passage.lines]
    return body + [_text(f"• {each}") for each in message.examples]


def _text(text: str, **style: str) -> dict[str, Any]:
    run = {"type": "TextRun", "text": cut(one_line(text), MAX_LINE) or "-", **style}
    return {"type": "RichTextBlock", "inlines": [run]}


build = TeamsChannel
"""As the table of channels finds it."""
