"""Silence: people are left alone with what fits, until that ends and they hear what still stands.

What came and went meanwhile is told in one digest. A silence takes hold in the transaction that
keeps it, and of what comes later as it comes.
"""

from collections.abc import Sequence
from datetime import datetime

from monitor.core.breaks import Severity
from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.incidents import WATCH, Cause, CauseKind, EventKind, IncidentState
from monitor.core.silences import Matcher, Silence
from monitor.estate import Estate
from monitor.incidents.standing import NO_NEWS, bring_up_to_date
from monitor.store import incidents, tellings
from monitor.store import silences as stored
from monitor.store.audit import append_audit
from monitor.store.database import Connection, Database


def add_silence(
    estate: Estate,
    database: Database,
    matchers: Sequence[Matcher],
    owner: str,
    reason: str,
    until: datetime,
    clock: Clock,
) -> tuple[Silence, int]:
    """Leave people alone with what fits from now on.

    Returns:
        The silence, and how many incidents that stand it keeps from people.

    Raises:
        Permanent: it looks at nothing, or does not end ahead; or the store failed.
        Transient: the store failed.
    """
    now = clock()
    if not matchers:
        raise Permanent("a silence looks at one label at least", reason=Reason.REFUSED)
    if until <= now:
        raise Permanent("a silence ends at an instant that lies ahead", reason=Reason.REFUSED)
    with database.write() as connection:
        incidents.hold_incidents(connection)
        made = stored.add_silence(connection, matchers, owner, reason, until, now)
        append_audit(
            connection,
            at=now,
            who=owner,
            action="silence",
            subject=f"silence {made.id}",
            detail={"matchers": str(made), "reason": reason, "until": until.isoformat()},
        )
        standing = incidents.standing_numbers(connection)
        bring_up_to_date(connection, estate, dict.fromkeys(standing, NO_NEWS), now)
        covered = stored.silenced_by(connection, made.id, resolved=False)
    return made, len(covered)


def end_silence(
    estate: Estate, database: Database, number: int, who: str, why: str, clock: Clock
) -> None:
    """End a silence before its time; what still stands is told, what is over in one digest.

    Raises:
        Permanent: no such silence is in force, or the store failed.
        Transient: the store failed.
    """
    now = clock()
    with database.write() as connection:
        incidents.hold_incidents(connection)
        if not stored.end_silence(connection, number, who, now):
            raise Permanent(f"no silence {number} is in force", reason=Reason.REFUSED)
        append_audit(
            connection,
            at=now,
            who=who,
            action="silence_ended",
            subject=f"silence {number}",
            detail={"why": why},
        )
    settle_silences(estate, database, now)


def settle_silences(estate: Estate, database: Database, now: datetime) -> None:
    """See to the end of silences that have ended.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        over = stored.ended_silences(connection, now)
    for each in over:
        with database.write() as connection:
            incidents.hold_incidents(connection)
            if stored.mark_settled(connection, each.id, now):
                _settle(connection, estate, each, now)


def _settle(connection: Connection, estate: Estate, silence: Silence, now: datetime) -> None:
    if silence.ended_at is None:
        append_audit(
            connection,
            at=now,
            who=WATCH,
            action="silence_ended",
            subject=f"silence {silence.id}",
            detail={"why": "its time was over"},
        )
    standing = stored.silenced_by(connection, silence.id, resolved=False)
    bring_up_to_date(connection, estate, dict.fromkeys(standing, NO_NEWS), now)
    missed: set[str] = set()
    over = stored.silenced_by(connection, silence.id, resolved=True)
    for number in over:
        channels = tellings.channels_of(connection, number)
        incidents.change_incident(connection, number, silenced_version=None)
        if any(channels.values()):
            tellings.mark_behind(connection, number, now)
        unheard = {channel for channel, is_told in channels.items() if not is_told}
        for channel in unheard:
            tellings.forget(connection, number, channel)
        missed |= unheard
    if missed:
        _tell_what_was_missed(connection, silence, len(over), sorted(missed), now)


def _tell_what_was_missed(
    connection: Connection, silence: Silence, count: int, channels: Sequence[str], now: datetime
) -> None:
    """One digest of what came and went; it is over as soon as it is said."""
    cause = Cause(CauseKind.SILENCE, str(silence.id))
    number = incidents.add_incident(connection, cause, Severity.INFO, now)
    things = "1 incident" if count == 1 else f"{count} incidents"
    why = f"{things} came and went while {silence.owner} had silenced {silence}: {silence.reason}"
    incidents.add_event(connection, number, EventKind.OPENED, WATCH, why, now)
    incidents.change_incident(
        connection, number, state=IncidentState.RESOLVED.value, resolved_at=now
    )
    tellings.subscribe(connection, number, channels, now)
