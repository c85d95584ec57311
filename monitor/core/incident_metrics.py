"""The metrics catalogue's part on incidents, and on how people hear of them."""

from monitor.core.breaks import Severity
from monitor.core.incidents import IncidentState
from monitor.core.metric_types import Bound, Label, Metric, MetricType
from monitor.core.wording import Slot

_SEVERITY = Label("severity", Severity)

INCIDENTS = Metric(
    "tieout_incidents",
    MetricType.GAUGE,
    "incidents",
    "Incidents that stand, by whether somebody looks after them.",
    (_SEVERITY, Label("state", IncidentState)),
)
OLDEST_UNACKNOWLEDGED = Metric(
    "tieout_oldest_unacknowledged_incident_timestamp_seconds",
    MetricType.GAUGE,
    "seconds since 1970",
    "When the oldest incident was opened that nobody looks after and no silence covers; no series"
    " without one.",
    (_SEVERITY,),
)
INCIDENTS_OPENED = Metric(
    "tieout_incidents_opened_total",
    MetricType.COUNTER,
    "incidents",
    "Incidents that were opened, or came back.",
    (_SEVERITY,),
)
INCIDENTS_RESOLVED = Metric(
    "tieout_incidents_resolved_total",
    MetricType.COUNTER,
    "incidents",
    "Incidents that were resolved.",
    (_SEVERITY,),
)
TIME_TO_ACKNOWLEDGE = Metric(
    "tieout_incident_acknowledge_duration_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "How long it took from the opening of an incident until somebody first looked after it.",
    (_SEVERITY,),
    (60.0, 300.0, 900.0, 1800.0, 3600.0, 14400.0, 86400.0),
)
TIME_TO_RESOLVE = Metric(
    "tieout_incident_resolve_duration_seconds",
    MetricType.HISTOGRAM,
    "seconds",
    "How long it took from the opening of an incident until its last break was gone.",
    (_SEVERITY,),
    (300.0, 900.0, 3600.0, 14400.0, 28800.0, 86400.0, 259200.0, 604800.0, 2592000.0),
)
INCIDENTS_ESCALATED = Metric(
    "tieout_incidents_escalated",
    MetricType.GAUGE,
    "incidents",
    "Incidents that stand and of which more people were told, because nobody acknowledged them.",
    (_SEVERITY,),
)
SILENCES = Metric(
    "tieout_silences",
    MetricType.GAUGE,
    "silences",
    "Silences in force, which keep incidents from people.",
)
CHANNEL_BEHIND = Metric(
    "tieout_channel_behind",
    MetricType.GAUGE,
    "incidents",
    "Incidents that the channel has not been brought up to although it is time to.",
    (Label("channel", Bound.CHANNELS),),
)
CHANNEL_FAILING = Metric(
    "tieout_channel_failing",
    MetricType.GAUGE,
    "incidents",
    "Incidents of which the channel could not be told at the last try.",
    (Label("channel", Bound.CHANNELS),),
)
TEMPLATES_FAILED = Metric(
    "tieout_templates_failed_total",
    MetricType.COUNTER,
    "messages",
    "Messages told in tieout's words because a template of the firm's own could not be used.",
    (Label("template", Slot),),
)

INCIDENT_METRICS: tuple[Metric, ...] = (
    INCIDENTS,
    OLDEST_UNACKNOWLEDGED,
    INCIDENTS_OPENED,
    INCIDENTS_RESOLVED,
    TIME_TO_ACKNOWLEDGE,
    TIME_TO_RESOLVE,
    INCIDENTS_ESCALATED,
    SILENCES,
    CHANNEL_BEHIND,
    CHANNEL_FAILING,
    TEMPLATES_FAILED,
)
"""In the order of the reference page."""
