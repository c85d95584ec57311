"""Rows that a system sent and that could not become records: kept, counted, released."""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from monitor.core.model import Reject, RejectReason, StreamId
from monitor.store.bulk import listed_texts, upsert
from monitor.store.schema import quarantine


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row in quarantine.

    Attributes:
        stream: where it was read.
        reject: what was wrong with it when it was last seen.
        first_seen_at: when it was set aside.
        last_seen_at: when it was last seen to be wrong.
    """

    stream: StreamId
    reject: Reject
    first_seen_at: datetime
    last_seen_at: datetime


def set_aside(
    connection: Connection, stream: StreamId, rejects: Sequence[Reject], now: datetime
) -> list[Reject]:
    """Keep these rows with their reasons; one seen before is kept once.

    Returns:
        Those that were not set aside in this very form already.
    """
    if not rejects:
        return []
    fresh = _not_known(connection, stream, rejects)
    rows = {
        _identity(reject): {
            "stream": str(stream),
            "identity": _identity(reject),
            "native_id": reject.native_id,
            "reason": reject.reason.value,
            "detail": reject.detail,
            "payload": reject.payload,
            "first_seen_at": now,
            "last_seen_at": now,
            "released_at": None,
        }
        for reject in rejects
    }
    statement = upsert(connection, quarantine)
    again = ("native_id", "reason", "detail", "payload", "last_seen_at", "released_at")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["stream", "identity"],
            set_={name: statement.excluded[name] for name in again},
        ),
        list(rows.values()),
    )
    return fresh


def _not_known(connection: Connection, stream: StreamId, rejects: Sequence[Reject]) -> list[Reject]:
    by_identity = {_identity(reject): reject for reject in rejects}
    query = select(quarantine.c.identity, quarantine.c.payload).where(
        quarantine.c.stream == str(stream),
        quarantine.c.released_at.is_(None),
        quarantine.c.identity.in_(listed_texts(connection, by_identity.keys())),
    )
    known = {(identity, payload) for identity, payload in connection.execute(query)}
    return [
        reject
        for identity, reject in by_identity.items()
        if (identity, reject.payload) not in known
    ]


def release(
    connection: Connection, stream: StreamId, native_ids: Collection[str], now: datetime
) -> int:
    """Let go of rows whose records have since been read well; returns how many."""
    identities = [_identity_of(native_id) for native_id in native_ids]
    released = connection.execute(
        update(quarantine)
        .where(
            quarantine.c.stream == str(stream),
            quarantine.c.released_at.is_(None),
            quarantine.c.identity.in_(listed_texts(connection, identities)),
        )
        .values(released_at=now)
    )
    return released.rowcount


def release_unseen(connection: Connection, stream: StreamId, since: datetime, now: datetime) -> int:
    """Let go of rows that a look at the whole stream, begun then, has not met again."""
    released = connection.execute(
        update(quarantine)
        .where(
            quarantine.c.stream == str(stream),
            quarantine.c.released_at.is_(None),
            quarantine.c.last_seen_at < since,
        )
        .values(released_at=now)
    )
    return released.rowcount


def in_quarantine(
    connection: Connection, stream: StreamId | None = None, *, limit: int | None = None
) -> list[SetAside]:
    """What is set aside and not released, oldest first."""
    query = select(quarantine).where(quarantine.c.released_at.is_(None))
    if stream is not None:
        query = query.where(quarantine.c.stream == str(stream))
    order = (quarantine.c.first_seen_at, quarantine.c.stream, quarantine.c.identity)
    return [_read(row) for row in connection.execute(query.order_by(*order).limit(limit))]


def was_in_quarantine(connection: Connection, since: datetime, until: datetime) -> list[SetAside]:
    """What had been set aside by `until` and was not released by `since`, oldest first."""
    query = select(quarantine).where(
        quarantine.c.first_seen_at <= until,
        quarantine.c.released_at.is_(None) | (quarantine.c.released_at > since),
    )
    order = (quarantine.c.first_seen_at, quarantine.c.stream, quarantine.c.identity)
    return [_read(row) for row in connection.execute(query.order_by(*order))]


def _read(row: Row[Any]) -> SetAside:
    return SetAside(
        StreamId.parse(row.stream),
        Reject(row.native_id, RejectReason(row.reason), row.detail, row.payload),
        row.first_seen_at,
        row.last_seen_at,
    )


def count_in_quarantine(connection: Connection) -> dict[tuple[StreamId, RejectReason], int]:
    """How many rows are set aside, by stream and reason."""
    query = (
        select(quarantine.c.stream, quarantine.c.reason, func.count())
        .where(quarantine.c.released_at.is_(None))
        .group_by(quarantine.c.stream, quarantine.c.reason)
    )
    return {
        (StreamId.parse(stream), RejectReason(reason)): count
        for stream, reason, count in connection.execute(query)
    }


def depths(connection: Connection) -> dict[StreamId, int]:
    """How many rows are set aside, by stream."""
    totals: Counter[StreamId] = Counter()
    for (stream, _), count in count_in_quarantine(connection).items():
        totals[stream] += count
    return totals


def _identity(reject: Reject) -> str:
    """What makes it the same row when it is seen again."""
    if reject.native_id is not None:
        return _identity_of(reject.native_id)
    return f"row {hashlib.sha256(reject.payload.encode()).hexdigest()[:32]}"


def _identity_of(native_id: str) -> str:
    return f"id {native_id}"
