"""Handle: people say that they look after an incident, or who does, or that it can wait."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.incidents import EventKind, Incident, IncidentState
from monitor.store import incidents, tellings
from monitor.store.audit import append_audit
from monitor.store.database import Connection, Database


def acknowledge(
    database: Database, number: int, who: str, lasts: timedelta, clock: Clock
) -> Incident:
    """Note that somebody looks after an incident for some time; every channel shows it.

    Saying it again prolongs it, or hands it over to whoever says it.

    Raises:
        Permanent: there is no such incident, or it is over; or the store failed.
        Transient: the store failed.
    """
    with database.write() as connection:
        now, known = clock(), _standing(connection, number)
        handed_over = known.acknowledged_by not in ("", who)
        before = f" and takes over from {known.acknowledged_by}" if handed_over else ""
        why = f"{who} looks after it{before}."
        detail = {"seconds": int(lasts.total_seconds())}
        return _hold(connection, number, who, why, now + lasts, "acknowledge", who, detail, now)


def assign(
    database: Database, number: int, to: str, who: str, lasts: timedelta, clock: Clock
) -> Incident:
    """Note that somebody shall look after an incident for some time, whoever says so.

    Raises:
        Permanent, Transient: as `acknowledge`.
    """
    with database.write() as connection:
        now = clock()
        _standing(connection, number)
        why = f"{who} gave it to {to}."
        detail = {"to": to, "seconds": int(lasts.total_seconds())}
        return _hold(connection, number, to, why, now + lasts, "assign", who, detail, now)


def snooze(database: Database, number: int, who: str, until: datetime, clock: Clock) -> Incident:
    """Let an incident wait: nobody is called until then, and whoever says so looks after it.

    Raises:
        Permanent: also where that instant is over.
        Transient: as `acknowledge`.
    """
    with database.write() as connection:
        now = clock()
        _standing(connection, number)
        if until <= now:
            raise Permanent("it cannot wait for an instant that is over", reason=Reason.REFUSED)
        why = f"{who} lets it wait until {until:%Y-%m-%d %H:%M} UTC."
        detail = {"until": until.isoformat()}
        return _hold(connection, number, who, why, until, "snooze", who, detail, now)


def release(database: Database, number: int, who: str, clock: Clock) -> Incident:
    """Note that nobody looks after an incident any more; who should is told anew.

    Raises:
        Permanent: also where nobody did.
        Transient: as `acknowledge`.
    """
    with database.write() as connection:
        now, known = clock(), _standing(connection, number)
        if known.state is not IncidentState.ACKNOWLEDGED:
            raise Permanent(f"nobody looks after incident {number}", reason=Reason.REFUSED)
        why = f"{known.acknowledged_by} does not look after it any more"
        why += "." if who == known.acknowledged_by else f", says {who}."
        incidents.add_event(connection, number, EventKind.LAPSED, who, why, now)
        incidents.change_incident(
            connection,
            number,
            state=IncidentState.OPEN.value,
            acknowledged_by="",
            acknowledged_until=None,
        )
        return _noted(connection, number, who, "release", {}, now)


def _standing(connection: Connection, number: int) -> Incident:
    """The incident, held until the transaction ends.

    Raises:
        Permanent: there is no such incident, or it is over.
    """
    incidents.hold_incidents(connection)
    known = incidents.load_incident(connection, number)
    if known is None:
        raise Permanent(f"there is no incident {number}", reason=Reason.NOT_FOUND)
    if known.state is IncidentState.RESOLVED:
        raise Permanent(f"incident {number} is over", reason=Reason.REFUSED)
    return known


def _hold(
    connection: Connection,
    number: int,
    holder: str,
    why: str,
    until: datetime,
    action: str,
    who: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> Incident:
    incidents.add_event(connection, number, EventKind.ACKNOWLEDGED, who, why, now)
    incidents.change_incident(
        connection,
        number,
        state=IncidentState.ACKNOWLEDGED.value,
        acknowledged_by=holder,
        acknowledged_until=until,
    )
    return _noted(connection, number, who, action, detail, now)


def _noted(
    connection: Connection,
    number: int,
    who: str,
    action: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> Incident:
    """Every channel is behind now, and the audit log knows."""
    tellings.mark_behind(connection, number, now)
    append_audit(
        connection, at=now, who=who, action=action, subject=f"incident {number}", detail=detail
    )
    done = incidents.load_incident(connection, number)
    assert done is not None  # noqa: S101 - it was there in the same transaction
    return done
