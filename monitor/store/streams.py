"""How far each stream has been read, how its last look ended, and what was asked of its system."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from monitor.core.errors import Reason
from monitor.core.model import StreamId
from monitor.store.bulk import upsert
from monitor.store.schema import calls, stream_state


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is known of a stream between two looks.

    Attributes:
        cursor: server time up to which changes have been read in order; None before the first.
        looked_until: server time up to which the last complete look has seen every change.
        look_began_at: when, by our clock, the last complete look began.
        last_attempt_at: when a look last began.
        last_success_at: when a look was last complete.
        failing_since: when the first look of an unbroken row of failures ended.
        failure_reason: why the last look failed; None where it did not.
        failure_detail: the same for a person.
        swept_at: when every id was last listed.
        full_requested: the next look shall read the whole stream.
    """

    cursor: datetime | None = None
    looked_until: datetime | None = None
    look_began_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    failing_since: datetime | None = None
    failure_reason: Reason | None = None
    failure_detail: str | None = None
    swept_at: datetime | None = None
    full_requested: bool = False


def load_stream_state(connection: Connection, stream: StreamId) -> StreamState:
    """What is known of one stream; a blank state for one never looked at."""
    query = select(stream_state).where(stream_state.c.stream == str(stream))
    row = connection.execute(query).one_or_none()
    return StreamState() if row is None else _read(row)


def load_stream_states(connection: Connection) -> dict[StreamId, StreamState]:
    """What is known of every stream that was ever looked at."""
    rows = connection.execute(select(stream_state))
    return {StreamId.parse(row.stream): _read(row) for row in rows}


def note_attempt(connection: Connection, stream: StreamId, now: datetime) -> None:
    """A look begins."""
    _save(connection, stream, last_attempt_at=now)


def save_cursor(connection: Connection, stream: StreamId, cursor: datetime | None) -> None:
    """A page is stored; belongs into the page's own transaction."""
    _save(connection, stream, cursor=cursor)


def note_success(
    connection: Connection,
    stream: StreamId,
    now: datetime,
    *,
    cursor: datetime | None,
    looked_until: datetime,
    began_at: datetime,
    was_full: bool,
) -> None:
    """A look was complete up to `looked_until`; a request to read everything is met if it did."""
    done: dict[str, Any] = {"full_requested": False} if was_full else {}
    _save(
        connection,
        stream,
        cursor=cursor,
        looked_until=looked_until,
        look_began_at=began_at,
        last_success_at=now,
        failing_since=None,
        failure_reason=None,
        failure_detail=None,
        **done,
    )


def note_failure(
    connection: Connection, stream: StreamId, now: datetime, reason: Reason, detail: str
) -> None:
    """A look failed; what earlier ones saw stays."""
    since = load_stream_state(connection, stream).failing_since or now
    _save(
        connection, stream, failing_since=since, failure_reason=reason.value, failure_detail=detail
    )


def note_swept(connection: Connection, stream: StreamId, now: datetime) -> None:
    """Every id of the stream was listed."""
    _save(connection, stream, swept_at=now)


def request_full(connection: Connection, stream: StreamId) -> None:
    """The next look shall read the whole stream: its mapping changed, or somebody asks."""
    _save(connection, stream, full_requested=True)


def calls_on(connection: Connection, system: str, day: date) -> int:
    """Calls made to a system on a day (UTC)."""
    query = select(calls.c.calls).where(calls.c.system == system, calls.c.day == day)
    return connection.execute(query).scalar() or 0


def add_calls(connection: Connection, system: str, day: date, count: int) -> None:
    """Note more calls to a system on a day (UTC)."""
    statement = upsert(connection, calls).values(system=system, day=day, calls=count)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["system", "day"], set_={"calls": calls.c.calls + count}
        )
    )


def _save(connection: Connection, stream: StreamId, **changes: Any) -> None:
    row = {"stream": str(stream), "full_requested": False, **changes}
    connection.execute(
        upsert(connection, stream_state)
        .values(row)
        .on_conflict_do_update(index_elements=["stream"], set_=changes)
    )


def _read(row: Row[Any]) -> StreamState:
    reason = row.failure_reason
    return StreamState(
        cursor=row.cursor,
        looked_until=row.looked_until,
        look_began_at=row.look_began_at,
        last_attempt_at=row.last_attempt_at,
        last_success_at=row.last_success_at,
        failing_since=row.failing_since,
        failure_reason=None if reason is None else Reason(reason),
        failure_detail=row.failure_detail,
        swept_at=row.swept_at,
        full_requested=row.full_requested,
    )
