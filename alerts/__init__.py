"""Channels: each carries notices to people or machines. A new one is one file and one row here."""

from collections.abc import Mapping

from alerts.slack import SlackChannel, SlackSettings
from alerts.webhook import WebhookChannel, WebhookSettings
from monitor.core.plugins import ChannelType

CHANNELS: Mapping[str, ChannelType] = {
    "slack": ChannelType(SlackSettings, SlackChannel),
    "webhook": ChannelType(WebhookSettings, WebhookChannel),
}
"""By the name that a landscape gives under `channel`."""
