"""Incidents in numbers: what stands, what ended, and how far channels are behind."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from monitor.core.breaks import Severity
from monitor.core.incidents import EventKind, IncidentState
from monitor.store.incident_tables import escalation, incident, incident_event, telling


class Life(NamedTuple):
    """How far an incident has come."""

    number: int
    severity: Severity
    state: IncidentState
    opened_at: datetime
    resolved_at: datetime | None
    is_silenced: bool


class Acknowledged(NamedTuple):
    """When somebody first looked after an incident."""

    severity: Severity
    opened_at: datetime
    at: datetime


class Behind(NamedTuple):
    """How far a channel is behind: incidents that are due, and those at which it failed last."""

    due: int
    failing: int


_LIFE = (
    incident.c.id,
    incident.c.severity,
    incident.c.state,
    incident.c.opened_at,
    incident.c.resolved_at,
    incident.c.silenced_version,
)


def standing_lives(connection: Connection) -> list[Life]:
    """Of every incident that stands."""
    states = (IncidentState.OPEN.value, IncidentState.ACKNOWLEDGED.value)
    return _lives(connection, incident.c.state.in_(states))


def lives_of(connection: Connection, numbers: Collection[int]) -> list[Life]:
    """Of these incidents."""
    return _lives(connection, incident.c.id.in_(sorted(numbers))) if numbers else []


def lives_after(connection: Connection, number: int) -> list[Life]:
    """Of incidents that were opened after this one."""
    return _lives(connection, incident.c.id > number)


def newest_incident(connection: Connection) -> int:
    """The highest number that was given; 0 where none was."""
    return int(connection.execute(select(func.coalesce(func.max(incident.c.id), 0))).scalar_one())


def first_acknowledged(connection: Connection, numbers: Collection[int]) -> list[Acknowledged]:
    """When somebody first looked after each of these incidents, where anybody did."""
    if not numbers:
        return []
    query = (
        select(incident.c.severity, incident.c.opened_at, func.min(incident_event.c.at))
        .join(incident_event, incident_event.c.incident_id == incident.c.id)
        .where(
            incident.c.id.in_(sorted(numbers)),
            incident_event.c.kind == EventKind.ACKNOWLEDGED.value,
        )
        .group_by(incident.c.id, incident.c.severity, incident.c.opened_at)
    )
    return [
        Acknowledged(Severity(severity), opened_at, at)
        for severity, opened_at, at in connection.execute(query)
    ]


def escalated_counts(connection: Connection) -> dict[Severity, int]:
    """Incidents that stand and of which a chain told more people, by severity."""
    query = (
        select(incident.c.severity, func.count(incident.c.id.distinct()))
        .join(escalation, escalation.c.incident_id == incident.c.id)
        .where(escalation.c.taken > 0, incident.c.state != IncidentState.RESOLVED.value)
        .group_by(incident.c.severity)
    )
    return {Severity(severity): count for severity, count in connection.execute(query)}


def channels_behind(connection: Connection, now: datetime) -> dict[str, Behind]:
    """How far channels are behind, by name; those that are not are not named."""
    is_failing = telling.c.failure_reason.is_not(None)
    query = (
        select(telling.c.channel, func.count(), func.count().filter(is_failing))
        .where((telling.c.due_at <= now) | (telling.c.due_at.is_not(None) & is_failing))
        .group_by(telling.c.channel)
    )
    return {channel: Behind(due, failing) for channel, due, failing in connection.execute(query)}


def _lives(connection: Connection, condition: ColumnElement[bool]) -> list[Life]:
    return [
        Life(
            number,
            Severity(severity),
            IncidentState(state),
            opened_at,
            resolved_at,
            silenced is not None,
        )
        for number, severity, state, opened_at, resolved_at, silenced in connection.execute(
            select(*_LIFE).where(condition)
        )
    ]
