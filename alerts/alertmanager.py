"""Prometheus Alertmanager: one alert an incident, sent again and again while it stands.

An alert's labels are its identity, so they never change; all that changes is an annotation.
Source: prometheus.io/docs/alerting/latest/alerts_api, "Sending alerts" (API v2, `endsAt`).
"""

from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import AnyHttpUrl, Field, SecretStr

from alerts.escaping import cut
from alerts.incident_text import text_of
from alerts.news import told_all
from alerts.posting import Poster
from monitor.core.drafts import Draft
from monitor.core.incidents import IncidentState, Message, Told
from monitor.core.model import encode_value
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Name, Settings

MAX_LABEL = 200


class AlertmanagerSettings(Settings):
    """An Alertmanager."""

    channel: Literal["alertmanager"]
    url: AnyHttpUrl
    """Where it listens, such as `http://alertmanager:9093`; its API v2 is under it."""
    token: SecretStr | None = None
    """Bearer token, as a reference, where a gateway asks for one."""
    labels: dict[Name, str] = {}
    """Added to each alert, for its routes."""
    repeat: Duration = Field(default=timedelta(minutes=1), ge=timedelta(seconds=10))
    """How often an alert that stands is sent again; without it for four times as long, Alertmanager
    takes it for resolved."""
    timeout: Duration = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How long a whole call may take."""


class AlertmanagerChannel:
    """Keeps alerts firing at one Alertmanager. Safe to use from several threads."""

    def __init__(self, settings: AlertmanagerSettings, context: ChannelContext) -> None:
        token = settings.token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._repeat = settings.repeat
        self._labels = settings.labels
        self._clock = context.clock
        self._url = f"{str(settings.url).rstrip('/')}/api/v2/alerts"
        self._poster = Poster(settings.url, settings.timeout, context.clock, headers)

    def tell(self, message: Message, told: Told | None) -> Told:
        """Send the alert as it stands, to the end where it is resolved."""
        self._poster.call("POST", self._url, [self._alert(message, self._clock())])
        is_over = message.incident.state is IncidentState.RESOLVED
        return told_all(message, message.key)._replace(again=None if is_over else self._repeat)

    def draft(self, message: Message) -> Draft:
        """The alerts that would be sent; Alertmanager documents no limits."""
        return Draft([self._alert(message, self._clock())])

    def find(self, message: Message) -> Told | None:
        """Not needed: an alert that is sent twice is one alert."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._poster.close()

    def _alert(self, message: Message, now: datetime) -> dict[str, Any]:
        incident = message.incident
        ends = incident.resolved_at if incident.state is IncidentState.RESOLVED else None
        return {
            "labels": {
                **self._labels,
                "alertname": "TieoutIncident",
                "incident": str(incident.id),
                "cause": incident.cause.kind.value,
            },
            "annotations": {
                "summary": cut(message.title, MAX_LABEL),
                "description": text_of(message),
                "severity": incident.severity.value,
                "owner": ", ".join(message.owners),
            },
            "startsAt": encode_value(incident.opened_at),
            "endsAt": encode_value(ends or now + 4 * self._repeat),
            **({"generatorURL": message.link} if message.link else {}),
        }


build = AlertmanagerChannel
"""As the table of channels finds it."""
