"""PagerDuty: one alert an incident, triggered, acknowledged and resolved under one key.

Source: developer.pagerduty.com, "Events API v2" (enqueue, `dedup_key`, 512 KB an event, 1,024
characters in a summary).
"""

from datetime import timedelta
from typing import Any, Literal

import msgspec
from pydantic import AnyHttpUrl, Field, SecretStr

from alerts.escaping import cut
from alerts.incident_facts import facts_of_incident
from alerts.news import told_all
from alerts.passages import addresses_of, passages_of
from alerts.posting import Poster
from monitor.core.breaks import Severity
from monitor.core.drafts import Draft, Measure
from monitor.core.incidents import IncidentState, Message, Told
from monitor.core.model import encode_value
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings

MAX_SUMMARY = 1_024
MAX_BYTES = 512 * 1024

_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
}
_ACTIONS = {
    IncidentState.OPEN: "trigger",
    IncidentState.ACKNOWLEDGED: "acknowledge",
    IncidentState.RESOLVED: "resolve",
}


class PagerDutySettings(Settings):
    """A service of PagerDuty."""

    channel: Literal["pagerduty"]
    routing_key: SecretStr = Field(min_length=1)
    """Integration key of the service, as a reference: `${env:PAGERDUTY_KEY}`."""
    url: AnyHttpUrl = AnyHttpUrl("https://events.pagerduty.com/v2/enqueue")
    """Where events go; another one in the EU: `https://events.eu.pagerduty.com/v2/enqueue`."""
    timeout: Duration = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How long a whole call may take."""


class PagerDutyChannel:
    """Sends events to one service. Safe to use from several threads."""

    def __init__(self, settings: PagerDutySettings, context: ChannelContext) -> None:
        self._routing_key = settings.routing_key
        self._poster = Poster(settings.url, settings.timeout, context.clock)

    def tell(self, message: Message, told: Told | None) -> Told:
        """Bring the alert to how the incident stands; the key makes repetitions harmless."""
        if told is None and message.incident.state is not IncidentState.OPEN:
            # What was never triggered can be neither acknowledged nor resolved.
            self._poster.post(self._event(message, "trigger"))
        self._poster.post(self._event(message, _ACTIONS[message.incident.state]))
        return told_all(message, message.key)

    def draft(self, message: Message) -> Draft:
        """The event that would be enqueued."""
        body = self._event(message, "trigger") | {"routing_key": "…"}
        return Draft(
            body,
            (
                Measure("summary", len(body["payload"]["summary"]), MAX_SUMMARY),
                Measure("bytes", len(msgspec.json.encode(body)), MAX_BYTES),
            ),
        )

    def find(self, message: Message) -> Told | None:
        """Never: events cannot be asked for. The other side knows a repetition by its key."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._poster.close()

    def _event(self, message: Message, action: str) -> dict[str, Any]:
        event: dict[str, Any] = {
            "routing_key": self._routing_key.get_secret_value(),
            "event_action": action,
            "dedup_key": message.key,
        }
        if action != "trigger":
            return event
        details = {fact.label: fact.value for fact in facts_of_incident(message)}
        details |= {each.heading: "\n".join(each.lines) for each in passages_of(message)}
        if message.examples:
            details["Examples"] = "\n".join(message.examples)
        event["payload"] = {
            "summary": cut(message.title, MAX_SUMMARY),
            "source": message.worst.system if message.worst is not None else "tieout",
            "severity": _SEVERITIES[message.incident.severity],
            "timestamp": encode_value(message.incident.opened_at),
            "class": message.incident.cause.kind.value,
            "custom_details": details,
        }
        if addresses := addresses_of(message):
            event["links"] = [{"href": each.url, "text": each.name} for each in addresses]
        return event


build = PagerDutyChannel
"""As the table of channels finds it."""
