"""Channels: each carries notices to people or machines. A new one is one file and one row here."""

from monitor.core.plugins import ChannelType, rows_in

CHANNELS = rows_in(
    ChannelType,
    {
        "alertmanager": "alerts.alertmanager:AlertmanagerSettings",
        "email": "alerts.email:EmailSettings",
        "jira": "alerts.jira:JiraSettings",
        "pagerduty": "alerts.pagerduty:PagerDutySettings",
        "servicenow": "alerts.servicenow:ServiceNowSettings",
        "slack": "alerts.slack:SlackSettings",
        "slack_webhook": "alerts.slack_webhook:SlackWebhookSettings",
        "teams": "alerts.teams:TeamsSettings",
        "webhook": "alerts.webhook:WebhookSettings",
    },
)
"""By the name that a landscape gives under `channel`."""
