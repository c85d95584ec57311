"""Failing: people hear by another channel that one of them does not get through."""

from collections.abc import Sequence
from datetime import datetime

from monitor.core.breaks import Severity
from monitor.core.clock import Clock
from monitor.core.incidents import WATCH, Cause, CauseKind, EventKind, IncidentState
from monitor.core.metric_types import NoticeOutcome
from monitor.delivery import Attempt
from monitor.estate import Estate
from monitor.store import incidents, settings, tellings
from monitor.store.database import Connection, Database


def note_deliveries(
    estate: Estate, attempts: Sequence[Attempt], database: Database, clock: Clock
) -> None:
    """Remember since when each channel fails; tell the others when its time is over.

    Raises:
        Transient, Permanent: the store failed.
    """
    for channel in sorted({each.channel for each in attempts}):
        tries = [each for each in attempts if each.channel == channel]
        with database.write() as connection:
            if any(each.outcome is NoticeOutcome.SENT for each in tries):
                _succeed(connection, channel, clock())
            else:
                _fail(connection, estate, tries[-1], clock())


def _fail(connection: Connection, estate: Estate, attempt: Attempt, now: datetime) -> None:
    name = _name(attempt.channel)
    stored = settings.load_setting(connection, name)
    since = now if stored is None else datetime.fromisoformat(stored)
    if stored is None:
        settings.save_setting(connection, name, now.isoformat())
    is_lost = attempt.outcome is NoticeOutcome.DEAD
    if not is_lost and now - since < estate.incidents.silent_after:
        return
    incidents.hold_incidents(connection)
    cause = Cause(CauseKind.DELIVERY, attempt.channel)
    if incidents.find_standing(connection, {cause}):
        return
    number = incidents.add_incident(connection, cause, Severity.CRITICAL, now)
    reason = attempt.failure.value.replace("_", " ") if attempt.failure else "unknown"
    why = f"Nothing gets through since {since:%Y-%m-%d %H:%M} UTC: {reason}."
    incidents.add_event(connection, number, EventKind.OPENED, WATCH, why, now)
    others = [name for name in estate.channels if name != attempt.channel]
    tellings.subscribe(connection, number, estate.only_living(others), now)
    incidents.change_incident(connection, number)


def _succeed(connection: Connection, channel: str, now: datetime) -> None:
    if settings.load_setting(connection, _name(channel)) is None:
        return
    settings.forget_setting(connection, _name(channel))
    incidents.hold_incidents(connection)
    cause = Cause(CauseKind.DELIVERY, channel)
    number = incidents.find_standing(connection, {cause}).get(cause)
    if number is not None:
        incidents.add_event(
            connection, number, EventKind.RESOLVED, WATCH, "It gets through again.", now
        )
        incidents.change_incident(
            connection, number, state=IncidentState.RESOLVED.value, resolved_at=now
        )
        tellings.mark_behind(connection, number, now)


def _name(channel: str) -> str:
    return f"delivery_failing_since:{channel}"
