"""Slack's incoming webhook: what is new of an incident, for a firm that gives no bot token.

Such a webhook can edit nothing and tells no message's identity, so each piece of news is a message
of its own. Source: docs.slack.dev, "Sending messages using incoming webhooks".
"""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from alerts.answers import SecretUrl
from alerts.blocks import compose_message, measure_message
from alerts.news import news_of, told_all
from alerts.posting import Poster
from monitor.core.drafts import Draft
from monitor.core.incidents import Message, Told
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings


class SlackWebhookSettings(Settings):
    """A conversation in Slack, by an incoming webhook."""

    channel: Literal["slack_webhook"]
    url: SecretUrl
    """The webhook's address, as a reference: whoever knows it can post."""
    timeout: Duration = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How long a whole call may take."""


class SlackWebhookChannel:
    """Posts to one conversation. Safe to use from several threads."""

    def __init__(self, settings: SlackWebhookSettings, context: ChannelContext) -> None:
        self._poster = Poster(settings.url.get_secret_value(), settings.timeout, context.clock)

    def tell(self, message: Message, told: Told | None) -> Told:
        """Post the incident as it stands, if something is new that people have to hear of."""
        if news_of(message, told):
            self._poster.post(self.draft(message).body)
        return told_all(message)

    def draft(self, message: Message) -> Draft:
        """What would be posted."""
        shown = compose_message(message)
        return Draft({"text": shown.text, "blocks": shown.blocks}, measure_message(shown))

    def find(self, message: Message) -> Told | None:
        """Never: a webhook cannot be asked."""
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._poster.close()


build = SlackWebhookChannel
"""As the table of channels finds it."""
