"""What people silenced."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, or_, select, update

from monitor.core.incidents import IncidentState
from monitor.core.silences import Matcher, Silence
from monitor.store.incident_tables import incident, silence


def add_silence(
    connection: Connection,
    matchers: Sequence[Matcher],
    owner: str,
    reason: str,
    until: datetime,
    now: datetime,
) -> Silence:
    """Keep a silence; it is in force from now on."""
    made = connection.execute(
        silence.insert().values(
            matchers=msgspec.json.encode([str(each) for each in matchers]).decode(),
            owner=owner,
            reason=reason,
            made_at=now,
            until=until,
            ended_by="",
        )
    )
    (number,) = made.inserted_primary_key  # type: ignore[misc]  # a row of one column
    return Silence(number, tuple(matchers), owner, reason, now, until)


def end_silence(connection: Connection, number: int, who: str, now: datetime) -> bool:
    """Let a silence end now; False where it is unknown or has ended before."""
    ended = connection.execute(
        update(silence)
        .where(silence.c.id == number, silence.c.ended_at.is_(None), silence.c.until > now)
        .values(ended_at=now, ended_by=who)
    )
    return ended.rowcount == 1


def list_silences(connection: Connection) -> list[Silence]:
    """All that there ever were, the oldest first."""
    return [_read(row) for row in connection.execute(select(silence).order_by(silence.c.id))]


def silences_in_force(connection: Connection, now: datetime) -> list[Silence]:
    """Those that keep something from people now."""
    query = (
        select(silence)
        .where(silence.c.settled_at.is_(None), silence.c.ended_at.is_(None), silence.c.until > now)
        .order_by(silence.c.id)
    )
    return [_read(row) for row in connection.execute(query)]


def ended_silences(connection: Connection, now: datetime) -> list[Silence]:
    """Those that have ended and whose end nobody has seen to."""
    query = (
        select(silence)
        .where(
            silence.c.settled_at.is_(None),
            or_(silence.c.ended_at.is_not(None), silence.c.until <= now),
        )
        .order_by(silence.c.id)
    )
    return [_read(row) for row in connection.execute(query)]


def mark_settled(connection: Connection, number: int, now: datetime) -> bool:
    """Its end has been seen to; False where somebody else did."""
    done = connection.execute(
        update(silence)
        .where(silence.c.id == number, silence.c.settled_at.is_(None))
        .values(settled_at=now)
    )
    return done.rowcount == 1


def silenced_by(connection: Connection, number: int, *, resolved: bool) -> list[int]:
    """The incidents that a silence kept from people last: those that are over, or that stand."""
    is_over = incident.c.state == IncidentState.RESOLVED.value
    query = select(incident.c.id).where(
        incident.c.silence_id == number, is_over if resolved else ~is_over
    )
    return list(connection.execute(query.order_by(incident.c.id)).scalars())


def _read(row: Row[Any]) -> Silence:
    texts = msgspec.json.decode(row.matchers, type=list[str])
    matchers = tuple(Matcher.read(each) for each in texts)
    return Silence(
        row.id,
        matchers,
        row.owner,
        row.reason,
        row.made_at,
        row.until,
        row.ended_at,
        row.ended_by,
    )
