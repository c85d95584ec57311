"""Notices on their way to channels: each leaves at least once, whatever happens meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from monitor.core.errors import Reason
from monitor.core.notices import Notice
from monitor.store.bulk import listed_ids, upsert
from monitor.store.schema import outbox


class OutboxState(StrEnum):
    """Where a notice is on its way."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


_UNSENT = (OutboxState.PENDING.value, OutboxState.SENDING.value)

LEASE = timedelta(minutes=15)
"""Longer than the slowest channel takes for all that is claimed at a time."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notice for one channel.

    Attributes:
        id: the outbox's own number.
        channel: name in the landscape.
        notice: what to say.
        attempts: how often it was claimed, this time included.
    """

    id: int
    channel: str
    notice: Notice
    attempts: int


def enqueue(connection: Connection, notice: Notice, channels: Iterable[str], now: datetime) -> None:
    """Put a notice on its way to channels; one that is there already stays as it is."""
    rows = [
        {
            "notice_id": notice.id,
            "channel": channel,
            "payload": msgspec.json.encode(notice).decode(),
            "state": OutboxState.PENDING.value,
            "due_at": now,
            "attempts": 0,
            "reference": "",
            "created_at": now,
        }
        for channel in channels
    ]
    if rows:
        statement = upsert(connection, outbox)
        connection.execute(
            statement.on_conflict_do_nothing(index_elements=["notice_id", "channel"]), rows
        )


def claim_due(connection: Connection, now: datetime, limit: int) -> list[Parcel]:
    """Take notices that are due, oldest first, so that nobody else takes them for `LEASE`.

    Whoever has not said by then how it went has died; the notice is due again.
    """
    due = (
        select(outbox.c.id)
        .where(outbox.c.state.in_(_UNSENT), outbox.c.due_at <= now)
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    # Asked first and apart: within the UPDATE, PostgreSQL may evaluate it again for each row, and
    # so claim more than the limit.
    ids = connection.execute(due).scalars().all()
    claimed = connection.execute(
        update(outbox)
        .where(
            outbox.c.id.in_(listed_ids(connection, ids)),
            outbox.c.state.in_(_UNSENT),
            outbox.c.due_at <= now,
        )
        .values(state=OutboxState.SENDING.value, due_at=now + LEASE, attempts=outbox.c.attempts + 1)
        .returning(outbox.c.id, outbox.c.channel, outbox.c.payload, outbox.c.attempts)
    )
    return sorted((_parcel(row) for row in claimed), key=lambda parcel: parcel.id)


def interrupted(connection: Connection) -> list[Parcel]:
    """Notices claimed and neither sent nor given back: after a crash nobody knows of them."""
    query = (
        select(outbox.c.id, outbox.c.channel, outbox.c.payload, outbox.c.attempts)
        .where(outbox.c.state == OutboxState.SENDING.value)
        .order_by(outbox.c.id)
    )
    return [_parcel(row) for row in connection.execute(query)]


def mark_sent(connection: Connection, parcel_id: int, reference: str, now: datetime) -> None:
    """The channel has it and calls it `reference`."""
    _move(connection, parcel_id, OutboxState.SENT, reference=reference, sent_at=now)


def postpone(connection: Connection, parcel_id: int, due_at: datetime, reason: Reason) -> None:
    """The channel could not take it now: try again then."""
    _move(connection, parcel_id, OutboxState.PENDING, due_at=due_at, failure_reason=reason.value)


def mark_dead(connection: Connection, parcel_id: int, reason: Reason) -> None:
    """The channel will never take it."""
    _move(connection, parcel_id, OutboxState.DEAD, failure_reason=reason.value)


def depths(connection: Connection) -> dict[OutboxState, int]:
    """How many notices are not sent, by state; every such state has an entry."""
    unsent = [OutboxState.PENDING, OutboxState.SENDING, OutboxState.DEAD]
    query = (
        select(outbox.c.state, func.count())
        .where(outbox.c.state.in_([state.value for state in unsent]))
        .group_by(outbox.c.state)
    )
    counts = dict.fromkeys(unsent, 0)
    counts |= {OutboxState(state): count for state, count in connection.execute(query)}
    return counts


def oldest_by_state(connection: Connection) -> dict[OutboxState, datetime]:
    """When the oldest notice that is not sent was written, by state."""
    query = (
        select(outbox.c.state, func.min(outbox.c.created_at))
        .where(outbox.c.state != OutboxState.SENT.value)
        .group_by(outbox.c.state)
    )
    return {OutboxState(state): at for state, at in connection.execute(query)}


def _move(connection: Connection, parcel_id: int, state: OutboxState, **changes: Any) -> None:
    """Only what is being sent can be sent, given back or given up."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == parcel_id, outbox.c.state == OutboxState.SENDING.value)
        .values(state=state.value, **changes)
    )


def _parcel(row: Any) -> Parcel:
    notice = msgspec.json.decode(row.payload, type=Notice)
    return Parcel(row.id, row.channel, notice, row.attempts)
