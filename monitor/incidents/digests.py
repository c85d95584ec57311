"""Digests: one message in place of many, while more comes up than is told one by one."""

from datetime import datetime

from monitor.core.breaks import Severity
from monitor.core.incidents import WATCH, Cause, CauseKind, EventKind, IncidentState
from monitor.store import incidents, tellings
from monitor.store.database import Connection, Database


def open_digest(connection: Connection, channel: str, now: datetime) -> None:
    """Let one message stand for what waits for a channel."""
    incidents.hold_incidents(connection)
    cause = Cause(CauseKind.STORM, channel)
    number = incidents.find_standing(connection, {cause}).get(cause)
    if number is None:
        number = incidents.add_incident(connection, cause, Severity.WARNING, now)
        why = "More came up than is told one by one; this message stands for the rest."
        incidents.add_event(connection, number, EventKind.OPENED, WATCH, why, now)
        tellings.subscribe(connection, number, [channel], now)
    incidents.change_incident(connection, number)
    tellings.mark_behind(connection, number, now)


def close_digests(database: Database, now: datetime) -> None:
    """A digest that stands for nothing any more is over.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        standing = incidents.standing_causes(connection, CauseKind.STORM)
    for cause in standing:
        with database.write() as connection:
            _close(connection, cause, now)


def _close(connection: Connection, cause: Cause, now: datetime) -> None:
    incidents.hold_incidents(connection)
    number = incidents.find_standing(connection, {cause}).get(cause)
    if number is None or tellings.held_incidents(connection, cause.about):
        return
    why = "What waited has been told one by one, or is over."
    incidents.add_event(connection, number, EventKind.RESOLVED, WATCH, why, now)
    incidents.change_incident(
        connection, number, state=IncidentState.RESOLVED.value, resolved_at=now
    )
    tellings.mark_behind(connection, number, now)
