"""What each channel was told of each incident, and when it has to be told more.

A channel is not sent what happened, but brought to how things stand. So a channel that was away
catches up in one step, and what was said twice by accident says nothing wrong.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, func, literal, select, update

from monitor.core.breaks import Severity
from monitor.core.errors import Reason
from monitor.core.incidents import CauseKind, IncidentState, Told
from monitor.store.bulk import listed_ids, upsert
from monitor.store.columns import Instant
from monitor.store.incident_tables import incident, telling

LEASE = timedelta(minutes=15)
"""Longer than the slowest channel takes for all that is claimed at a time."""

_URGENCY = case(
    (incident.c.severity == Severity.CRITICAL.value, 0),
    (incident.c.severity == Severity.WARNING.value, 1),
    else_=2,
)


_STANDS_FOR_MANY = incident.c.cause.in_([CauseKind.STORM.value, CauseKind.SILENCE.value])

_IS_HEARD = incident.c.silenced_version.is_(None) | (
    (telling.c.told_events > 0) & (telling.c.told_version < incident.c.silenced_version)
)
"""Nobody is told of what is silenced, but for whoever has to learn that it is."""


class Behind(NamedTuple):
    """A channel that has to be told of an incident.

    Attributes:
        incident: its number.
        channel: name in the landscape.
        told: what it was told; None: nothing.
        attempts: how often that was tried since it last succeeded, this time included.
    """

    incident: int
    channel: str
    told: Told | None
    attempts: int


def subscribe(connection: Connection, number: int, channels: Iterable[str], at: datetime) -> None:
    """Let channels be told of an incident, from an instant on and at each change."""
    subscribe_all(connection, [(number, channel, at) for channel in channels])


def subscribe_all(connection: Connection, heard: Sequence[tuple[int, str, datetime]]) -> None:
    """Let channels be told of incidents, each from an instant on and at each change.

    One that waits for a later instant, and that nobody has tried to tell, is told at this one.
    """
    rows = [
        {
            "incident_id": number,
            "channel": channel,
            "told_version": 0,
            "told_events": 0,
            "reference": "",
            "due_at": at,
            "attempts": 0,
            "is_held": False,
        }
        for number, channel, at in heard
    ]
    if rows:
        statement = upsert(connection, telling)
        waits = (
            (telling.c.told_events == 0)
            & (telling.c.attempts == 0)
            & ~telling.c.is_held
            & (telling.c.due_at > statement.excluded.due_at)
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["incident_id", "channel"],
                set_={"due_at": statement.excluded.due_at},
                where=waits,
            ),
            rows,
        )


def mark_behind(connection: Connection, number: int, now: datetime) -> None:
    """The incident changed: tell every channel that hears of it."""
    mark_all_behind(connection, [number], now)


def mark_all_behind(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """The incidents changed: tell every channel that hears of them, none sooner than it can take.

    One that would have heard the same again later hears of the change now.
    """
    repeats = (
        (telling.c.told_events > 0)
        & (telling.c.attempts == 0)
        & ~telling.c.is_held
        & telling.c.failure_reason.is_(None)
    )
    connection.execute(
        update(telling)
        .where(
            telling.c.incident_id.in_(listed_ids(connection, numbers)),
            telling.c.due_at.is_(None) | (repeats & (telling.c.due_at > literal(now, Instant))),
        )
        .values(due_at=now)
    )


def claim_behind(connection: Connection, now: datetime, limit: int) -> list[Behind]:
    """Take what is due, so that nobody else takes it for `LEASE`.

    What stands for many comes first, then the most urgent.
    """
    due = (
        select(telling.c.incident_id, telling.c.channel)
        .join(incident, incident.c.id == telling.c.incident_id)
        .where(telling.c.due_at <= now, _IS_HEARD)
        .order_by(_STANDS_FOR_MANY.desc(), _URGENCY, telling.c.incident_id, telling.c.channel)
        .limit(limit)
        .with_for_update(skip_locked=True, of=telling)
    )
    claimed = []
    for number, channel in connection.execute(due).all():
        row = connection.execute(
            update(telling)
            .where(_is(number, channel), telling.c.due_at <= now)
            .values(due_at=now + LEASE, attempts=telling.c.attempts + 1)
            .returning(telling.c.reference, telling.c.told_events, telling.c.attempts)
        ).one_or_none()
        if row is not None:
            told = Told(row.reference, row.told_events) if row.told_events else None
            claimed.append(Behind(number, channel, told, row.attempts))
    return claimed


def mark_told(
    connection: Connection, number: int, channel: str, version: int, told: Told, now: datetime
) -> None:
    """The channel shows that version; it is behind still if there is a newer one.

    Where it has to hear the same again, it will be behind after that time.
    """
    again = None if told.again is None else literal(now + told.again, Instant)
    newer = select(incident.c.version > version).where(incident.c.id == number).scalar_subquery()
    connection.execute(
        update(telling)
        .where(_is(number, channel))
        .values(
            told_version=version,
            told_events=told.events,
            reference=told.reference,
            first_told_at=func.coalesce(telling.c.first_told_at, literal(now, Instant)),
            told_at=now,
            due_at=case((newer, literal(now, Instant)), else_=again),
            attempts=0,
            is_held=False,
            failure_reason=None,
        )
    )


def postpone(
    connection: Connection, number: int, channel: str, until: datetime, reason: Reason
) -> None:
    """The channel could not take it now: try again then."""
    values = {"due_at": until, "failure_reason": reason.value}
    connection.execute(update(telling).where(_is(number, channel)).values(**values))


def put_back(
    connection: Connection, number: int, channel: str, until: datetime, reason: Reason
) -> None:
    """It was not tried, because the channel could not take another one: try again then."""
    values = {"due_at": until, "failure_reason": reason.value, "attempts": telling.c.attempts - 1}
    connection.execute(update(telling).where(_is(number, channel)).values(**values))


def give_up(connection: Connection, number: int, channel: str, reason: Reason) -> None:
    """The channel will not take this version; it is tried again when the incident changes."""
    values: dict[str, Any] = {"due_at": None, "attempts": 0, "failure_reason": reason.value}
    connection.execute(update(telling).where(_is(number, channel)).values(**values))


def let_pass(connection: Connection, number: int, channel: str, version: int) -> None:
    """The channel need not hear of it any more."""
    values: dict[str, Any] = {"due_at": None, "told_version": version, "is_held": False}
    connection.execute(update(telling).where(_is(number, channel)).values(**values))


def forget(connection: Connection, number: int, channel: str) -> None:
    """The channel was never told, and need not be: something else tells it."""
    connection.execute(telling.delete().where(_is(number, channel)))


def hold_back(connection: Connection, number: int, channel: str, until: datetime) -> None:
    """A digest stands for it until then."""
    values = {"due_at": until, "attempts": telling.c.attempts - 1, "is_held": True}
    connection.execute(update(telling).where(_is(number, channel)).values(**values))


def hold_rest_back(connection: Connection, channel: str, now: datetime, until: datetime) -> None:
    """A digest stands until then for whatever else a channel would be told now for the first time.

    One statement, however much that is.
    """
    others = select(incident.c.id).where(~_STANDS_FOR_MANY, incident.c.silenced_version.is_(None))
    rest = (
        (telling.c.channel == channel)
        & (telling.c.due_at <= now)
        & (telling.c.told_events == 0)
        & (telling.c.attempts == 0)
        & telling.c.incident_id.in_(others)
    )
    connection.execute(update(telling).where(rest).values(due_at=until, is_held=True))


def wait(connection: Connection, number: int, channel: str, until: datetime) -> None:
    """The channel is left alone until then."""
    values = {"due_at": until, "attempts": telling.c.attempts - 1}
    connection.execute(update(telling).where(_is(number, channel)).values(**values))


def channels_of(connection: Connection, number: int) -> dict[str, bool]:
    """The channels that hear of an incident, and whether each was ever told of it."""
    query = (
        select(telling.c.channel, telling.c.told_events > 0)
        .where(telling.c.incident_id == number)
        .order_by(telling.c.channel)
    )
    return {channel: bool(is_told) for channel, is_told in connection.execute(query)}


def first_told_since(connection: Connection, channel: str, since: datetime) -> int:
    """How many incidents a channel was told of for the first time since an instant.

    Digests are not counted.
    """
    query = (
        select(func.count())
        .select_from(telling.join(incident, incident.c.id == telling.c.incident_id))
        .where(
            telling.c.channel == channel,
            telling.c.first_told_at > since,
            ~_STANDS_FOR_MANY,
        )
    )
    return connection.execute(query).scalar_one()


def held_incidents(connection: Connection, channel: str) -> list[int]:
    """Incidents that stand, are not silenced, and wait behind a digest; the most urgent first."""
    query = (
        select(telling.c.incident_id)
        .join(incident, incident.c.id == telling.c.incident_id)
        .where(
            telling.c.channel == channel,
            telling.c.is_held,
            incident.c.state != IncidentState.RESOLVED.value,
            incident.c.silenced_version.is_(None),
        )
        .order_by(_URGENCY, telling.c.incident_id)
    )
    return list(connection.execute(query).scalars())


def count_behind(connection: Connection) -> int:
    """How many times some channel is behind on some incident."""
    query = (
        select(func.count())
        .select_from(telling.join(incident, incident.c.id == telling.c.incident_id))
        .where(telling.c.due_at.is_not(None), _IS_HEARD)
    )
    return connection.execute(query).scalar_one()


def _is(number: int, channel: str) -> Any:
    return (telling.c.incident_id == number) & (telling.c.channel == channel)
