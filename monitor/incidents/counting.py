"""Counting incidents: what stands, what came and went, how long people took.

Lengths of time are those of the stored rows. What happened before a process began is not counted
by it: the process before it did.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from monitor.core import incident_metrics as shown
from monitor.core.breaks import Severity
from monitor.core.incidents import IncidentState
from monitor.core.metric_types import Metric
from monitor.core.metrics import LabelValues, Metrics
from monitor.estate import Estate
from monitor.store.database import Connection, Database
from monitor.store.incident_counts import (
    Life,
    channels_behind,
    escalated_counts,
    first_acknowledged,
    lives_after,
    lives_of,
    newest_incident,
    standing_lives,
)
from monitor.store.silences import silences_in_force

_STANDING = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)


@dataclass(slots=True)
class SeenIncidents:
    """What the last look saw: when, the highest number, and which stood; None: nothing yet."""

    at: datetime | None = None
    newest: int = 0
    standing: dict[int, IncidentState] = field(default_factory=dict)


def show_incident_counts(
    estate: Estate, database: Database, metrics: Metrics, seen: SeenIncidents, now: datetime
) -> None:
    """Bring the gauges to what stands, and count what happened since the last look.

    Args:
        estate: the landscape made ready.
        database: the store.
        metrics: where it is shown.
        seen: what the last look saw; brought up to date.
        now: the present.

    Raises:
        Transient, Permanent: the store failed; some gauges may be new and others old.
    """
    with database.read() as connection:
        standing = standing_lives(connection)
        if seen.at is not None:
            _count_steps(connection, standing, seen, seen.at, metrics)
        newest = newest_incident(connection)
        escalated = escalated_counts(connection)
        silences = len(silences_in_force(connection, now))
        behind = channels_behind(connection, now)
    seen.at, seen.newest = now, newest
    seen.standing = {life.number: life.state for life in standing}
    _show_standing(standing, metrics)
    metrics.replace(
        shown.INCIDENTS_ESCALATED,
        {(severity.value,): float(escalated.get(severity, 0)) for severity in Severity},
    )
    metrics.set(shown.SILENCES, float(silences))
    for channel in estate.channels:
        due, failing = behind.get(channel, (0, 0))
        metrics.set(shown.CHANNEL_BEHIND, float(due), channel=channel)
        metrics.set(shown.CHANNEL_FAILING, float(failing), channel=channel)


def _count_steps(
    connection: Connection,
    standing: Iterable[Life],
    seen: SeenIncidents,
    since: datetime,
    metrics: Metrics,
) -> None:
    """What was opened, came back, was acknowledged or ended between two looks."""
    stand = {life.number: life for life in standing}
    new = lives_after(connection, seen.newest)
    back = stand.keys() - seen.standing.keys() - {life.number for life in new}
    ended = [life for life in new if life.number not in stand]
    ended += lives_of(connection, seen.standing.keys() - stand.keys())
    for life in (*new, *(stand[number] for number in back)):
        metrics.add(shown.INCIDENTS_OPENED, severity=life.severity)
    for life in ended:
        metrics.add(shown.INCIDENTS_RESOLVED, severity=life.severity)
        end = life.resolved_at or since
        _observe(metrics, shown.TIME_TO_RESOLVE, life.severity, life.opened_at, end)
    held = {
        number
        for number, life in stand.items()
        if life.state is IncidentState.ACKNOWLEDGED and seen.standing.get(number) is not life.state
    }
    for first in first_acknowledged(connection, held | {life.number for life in ended}):
        if first.at > since:
            _observe(metrics, shown.TIME_TO_ACKNOWLEDGE, first.severity, first.opened_at, first.at)


def _observe(
    metrics: Metrics, metric: Metric, severity: Severity, start: datetime, end: datetime
) -> None:
    metrics.observe(metric, max((end - start).total_seconds(), 0), severity=severity)


def _show_standing(standing: Iterable[Life], metrics: Metrics) -> None:
    counts = Counter((life.severity.value, life.state.value) for life in standing)
    sets = product((each.value for each in Severity), (each.value for each in _STANDING))
    metrics.replace(
        shown.INCIDENTS,
        {labels: float(counts.get(labels, 0)) for labels in sets},
        fill=False,  # what is resolved does not stand
    )
    oldest: dict[LabelValues, float] = {}
    for life in standing:
        if life.state is IncidentState.OPEN and not life.is_silenced:
            labels, at = (life.severity.value,), life.opened_at.timestamp()
            oldest[labels] = min(at, oldest.get(labels, at))
    metrics.replace(shown.OLDEST_UNACKNOWLEDGED, oldest, fill=False)
