"""Handle: people say that they look after an incident."""

from datetime import timedelta

from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.incidents import EventKind, Incident, IncidentState
from monitor.store import incidents, tellings
from monitor.store.audit import append_audit
from monitor.store.database import Database


def acknowledge(
    database: Database, number: int, who: str, lasts: timedelta, clock: Clock
) -> Incident:
    """Note that somebody looks after an incident for some time; every channel shows it.

    Saying it again prolongs it, or hands it over to whoever says it.

    Raises:
        Permanent: there is no such incident, or it is over; or the store failed.
        Transient: the store failed.
    """
    now = clock()
    with database.write() as connection:
        incidents.hold_incidents(connection)
        known = incidents.load_incident(connection, number)
        if known is None:
            raise Permanent(f"there is no incident {number}", reason=Reason.NOT_FOUND)
        if known.state is IncidentState.RESOLVED:
            raise Permanent(f"incident {number} is over", reason=Reason.REFUSED)
        handed_over = known.acknowledged_by not in ("", who)
        before = f" and takes over from {known.acknowledged_by}" if handed_over else ""
        why = f"{who} looks after it{before}."
        incidents.add_event(connection, number, EventKind.ACKNOWLEDGED, who, why, now)
        incidents.change_incident(
            connection,
            number,
            state=IncidentState.ACKNOWLEDGED.value,
            acknowledged_by=who,
            acknowledged_until=now + lasts,
        )
        tellings.mark_behind(connection, number, now)
        append_audit(
            connection,
            at=now,
            who=who,
            action="acknowledge",
            subject=f"incident {number}",
            detail={"seconds": int(lasts.total_seconds())},
        )
        done = incidents.load_incident(connection, number)
    assert done is not None  # noqa: S101 - it was there in the same transaction
    return done
