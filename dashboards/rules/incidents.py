"""Does somebody look after what is wrong, and do people hear of it?"""

from dashboards.rules.rule import Alert, Group, Level, Owner, Page, Recording
from monitor.core.breaks import Severity
from monitor.core.incident_metrics import (
    CHANNEL_BEHIND,
    OLDEST_UNACKNOWLEDGED,
    TIME_TO_ACKNOWLEDGE,
    TIME_TO_RESOLVE,
)

ACKNOWLEDGED = "severity:tieout_incident_acknowledge_duration_seconds:p90_increase7d"
RESOLVED = "severity:tieout_incident_resolve_duration_seconds:p90_increase7d"

PATIENCE = 30 * 60
"""Seconds that a critical incident may wait for somebody."""


def _nine_of_ten(histogram: str) -> str:
    return (
        "histogram_quantile(\n"
        f"  0.9, sum by (job, severity, le) (increase({histogram}_bucket[7d]))\n)"
    )


RECORDED = Group(
    "tieout-incidents-recorded",
    (
        Recording(ACKNOWLEDGED, _nine_of_ten(TIME_TO_ACKNOWLEDGE.name)),
        Recording(RESOLVED, _nine_of_ten(TIME_TO_RESOLVE.name)),
    ),
    interval="5m",
)

ALERTS = Group(
    "tieout-incidents",
    (
        Alert(
            "TieoutIncidentUnattended",
            f"time() - min by (job)"
            f' ({OLDEST_UNACKNOWLEDGED.name}{{severity="{Severity.CRITICAL.value}"}})\n'
            f"  > {PATIENCE}",
            "Nobody has looked after a critical incident for {{ $value | humanizeDuration }}",
            "Whoever should hear of it does not, or takes it for somebody else's.",
            Level.CRITICAL,
            Owner.INTEGRATION,
            Page.BREAKS,
            "5m",
        ),
        Alert(
            "TieoutIncidentsUntold",
            f"max by (job, channel) (min_over_time({CHANNEL_BEHIND.name}[15m])) > 0",
            "The channel {{ $labels.channel }} does not show {{ $value }} incidents as they stand",
            "People hear of incidents late, or look after what is long over.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.DAEMON,
            "5m",
        ),
    ),
)
