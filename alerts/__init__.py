"""Channels: each carries notices to people or machines. A new one is one file and one row here."""

from monitor.core.plugins import ChannelType, rows_in

CHANNELS = rows_in(
    ChannelType,
    {
        "slack": "alerts.slack:SlackSettings",
        "webhook": "alerts.webhook:WebhookSettings",
    },
)
"""By the name that a landscape gives under `channel`."""
