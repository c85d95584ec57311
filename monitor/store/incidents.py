"""Incidents, the breaks they show themselves in, and what happened to them."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select, update

from monitor.core.breaks import HEARD_STATES, Break, BreakKind, Severity
from monitor.core.incidents import Cause, CauseKind, Event, EventKind, Incident, IncidentState
from monitor.core.model import StreamId
from monitor.store.breaks import read_break
from monitor.store.bulk import hold, listed_ids, listed_texts, upsert
from monitor.store.incident_tables import incident, incident_break, incident_event, incident_stream
from monitor.store.schema import breaks

_HEARD = sorted(state.value for state in HEARD_STATES)


class Stake(NamedTuple):
    """What one break that stands puts at stake, and what routes and silences look at."""

    fingerprint: str
    flow: str
    transaction: str
    kind: BreakKind
    severity: Severity
    system: str
    owner: str
    value_at_risk: Decimal | None
    currency: str


def hold_incidents(connection: Connection) -> None:
    """Let nobody else raise incidents until this transaction ends: of one cause, one stands."""
    hold(connection, "incidents")


def standing_causes(connection: Connection, kind: CauseKind) -> dict[Cause, int]:
    """The incidents of one kind of cause that stand, by their cause."""
    return _causes(connection, incident.c.cause == kind.value)


def find_standing(connection: Connection, causes: Collection[Cause]) -> dict[Cause, int]:
    """Those of some causes of which an incident stands, and its number."""
    about = listed_texts(connection, {cause.about for cause in causes})
    found = _causes(connection, incident.c.about.in_(about))
    return {cause: number for cause, number in found.items() if cause in causes}


def causes_of(connection: Connection, numbers: Collection[int]) -> dict[int, Cause]:
    """What some incidents are about, by their number."""
    query = select(incident.c.id, incident.c.cause, incident.c.about).where(
        incident.c.id.in_(listed_ids(connection, numbers))
    )
    return {
        number: Cause(CauseKind(kind), about) for number, kind, about in connection.execute(query)
    }


def _causes(connection: Connection, condition: ColumnElement[bool]) -> dict[Cause, int]:
    query = select(incident.c.cause, incident.c.about, incident.c.id).where(
        condition, incident.c.state != IncidentState.RESOLVED.value
    )
    return {
        Cause(CauseKind(kind), about): number for kind, about, number in connection.execute(query)
    }


def last_resolved(connection: Connection, cause: Cause, after: datetime) -> Incident | None:
    """The newest incident of this cause that was resolved after an instant."""
    query = (
        select(incident)
        .where(
            incident.c.cause == cause.kind.value,
            incident.c.about == cause.about,
            incident.c.resolved_at >= after,
        )
        .order_by(incident.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _read(row)


def add_incident(connection: Connection, cause: Cause, severity: Severity, now: datetime) -> int:
    """Open an incident; returns its number."""
    made = connection.execute(
        incident.insert().values(
            cause=cause.kind.value,
            about=cause.about,
            state=IncidentState.OPEN.value,
            severity=severity.value,
            opened_at=now,
            version=0,
            acknowledged_by="",
        )
    )
    (number,) = made.inserted_primary_key  # type: ignore[misc]  # a row of one column
    return int(number)


def change_incident(connection: Connection, number: int, **values: Any) -> None:
    """Another version of an incident."""
    connection.execute(
        update(incident)
        .where(incident.c.id == number)
        .values(version=incident.c.version + 1, **values)
    )


def note_review(connection: Connection, number: int, at: datetime | None) -> None:
    """Nothing changed; when time alone may change it."""
    connection.execute(update(incident).where(incident.c.id == number).values(review_at=at))


def load_incident(connection: Connection, number: int) -> Incident | None:
    """An incident by its number; None where there is none."""
    row = connection.execute(select(incident).where(incident.c.id == number)).one_or_none()
    return None if row is None else _read(row)


def list_incidents(
    connection: Connection,
    states: Collection[IncidentState] = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED),
    limit: int = 1000,
) -> list[Incident]:
    """Incidents in some states, the newest first."""
    query = (
        select(incident)
        .where(incident.c.state.in_(sorted(states)))
        .order_by(incident.c.id.desc())
        .limit(limit)
    )
    return [_read(row) for row in connection.execute(query)]


def join_incident(connection: Connection, number: int, fingerprints: Collection[str]) -> None:
    """Let breaks belong to an incident from now on, and to no other."""
    leave = and_(
        incident_break.c.fingerprint.in_(listed_texts(connection, fingerprints)),
        incident_break.c.incident_id != number,
        incident_break.c.is_current,
    )
    connection.execute(update(incident_break).where(leave).values(is_current=False))
    statement = upsert(connection, incident_break)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["fingerprint", "incident_id"], set_={"is_current": True}
        ),
        [
            {"fingerprint": fingerprint, "incident_id": number, "is_current": True}
            for fingerprint in sorted(fingerprints)
        ],
    )


def incidents_of(connection: Connection, fingerprints: Collection[str]) -> dict[str, int]:
    """By break, the incident that it belongs to now."""
    query = select(incident_break.c.fingerprint, incident_break.c.incident_id).where(
        incident_break.c.fingerprint.in_(listed_texts(connection, fingerprints)),
        incident_break.c.is_current,
    )
    return dict(connection.execute(query).all())


def stakes_of(connection: Connection, number: int) -> list[Stake]:
    """What the breaks of an incident that stand and are heard of put at stake."""
    columns = [breaks.c[name] for name in Stake._fields]
    query = (
        select(*columns)
        .join(incident_break, incident_break.c.fingerprint == breaks.c.fingerprint)
        .where(
            incident_break.c.incident_id == number,
            incident_break.c.is_current,
            breaks.c.state.in_(_HEARD),
        )
    )
    return [
        Stake(row[0], row[1], row[2], BreakKind(row[3]), Severity(row[4]), *row[5:])
        for row in connection.execute(query)
    ]


def breaks_of(connection: Connection, number: int) -> tuple[list[Break], int]:
    """The breaks of an incident that stand and are heard of, and how many it ever had."""
    query = (
        select(breaks)
        .join(incident_break, incident_break.c.fingerprint == breaks.c.fingerprint)
        .where(incident_break.c.incident_id == number)
        .order_by(breaks.c.opened_at, breaks.c.fingerprint)
    )
    standing = query.where(incident_break.c.is_current, breaks.c.state.in_(_HEARD))
    ever = select(func.count()).where(incident_break.c.incident_id == number)
    found = [read_break(row) for row in connection.execute(standing)]
    return found, connection.execute(ever).scalar_one()


def last_break_of(connection: Connection, number: int) -> Break | None:
    """The break of an incident that was the last to go."""
    query = (
        select(breaks)
        .join(incident_break, incident_break.c.fingerprint == breaks.c.fingerprint)
        .where(incident_break.c.incident_id == number)
        .order_by(breaks.c.seen_at.desc(), breaks.c.fingerprint)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else read_break(row)


def note_blind(connection: Connection, number: int, stream: StreamId, since: datetime) -> None:
    """Let an incident tell that a stream cannot be seen; one that is told of stays there."""
    statement = upsert(connection, incident_stream)
    values = {"stream": str(stream), "incident_id": number, "since": since}
    connection.execute(statement.on_conflict_do_nothing(index_elements=["stream"]), [values])


def forget_blind(connection: Connection, stream: StreamId) -> int | None:
    """The stream can be seen again; the incident that told of it, or None where none did."""
    mine = incident_stream.c.stream == str(stream)
    number = connection.execute(select(incident_stream.c.incident_id).where(mine)).scalar()
    connection.execute(incident_stream.delete().where(mine))
    return number


def blind_streams_of(connection: Connection, number: int) -> dict[StreamId, datetime]:
    """The streams that cannot be seen, and since when, as far as an incident tells of them."""
    query = (
        select(incident_stream.c.stream, incident_stream.c.since)
        .where(incident_stream.c.incident_id == number)
        .order_by(incident_stream.c.stream)
    )
    return {StreamId.parse(stream): since for stream, since in connection.execute(query)}


def add_event(
    connection: Connection, number: int, kind: EventKind, who: str, why: str, now: datetime
) -> None:
    """Note what happened to an incident."""
    last = select(func.coalesce(func.max(incident_event.c.sequence), 0)).where(
        incident_event.c.incident_id == number
    )
    sequence = connection.execute(last).scalar_one() + 1
    connection.execute(
        insert(incident_event).values(
            incident_id=number, sequence=sequence, at=now, kind=kind.value, who=who, why=why
        )
    )


def events_of(connection: Connection, number: int) -> tuple[Event, ...]:
    """Everything that happened to an incident, in order."""
    query = (
        select(incident_event)
        .where(incident_event.c.incident_id == number)
        .order_by(incident_event.c.sequence)
    )
    return tuple(
        Event(row.sequence, row.at, EventKind(row.kind), row.who, row.why)
        for row in connection.execute(query)
    )


def to_review(connection: Connection, now: datetime) -> list[int]:
    """Incidents that time alone may have changed."""
    query = select(incident.c.id).where(incident.c.review_at <= now).order_by(incident.c.id)
    return list(connection.execute(query).scalars())


def standing_numbers(connection: Connection) -> list[int]:
    """The incidents that stand and are about breaks or sources, not about how they are told."""
    query = (
        select(incident.c.id)
        .where(
            incident.c.state != IncidentState.RESOLVED.value,
            incident.c.cause.not_in([CauseKind.STORM.value, CauseKind.SILENCE.value]),
        )
        .order_by(incident.c.id)
    )
    return list(connection.execute(query).scalars())


def lapsed(connection: Connection, now: datetime) -> list[int]:
    """Incidents whose acknowledgement holds no longer."""
    query = select(incident.c.id).where(
        incident.c.state == IncidentState.ACKNOWLEDGED.value, incident.c.acknowledged_until <= now
    )
    return list(connection.execute(query).scalars())


def _read(row: Row[Any]) -> Incident:
    return Incident(
        id=row.id,
        cause=Cause(CauseKind(row.cause), row.about),
        state=IncidentState(row.state),
        severity=Severity(row.severity),
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        version=row.version,
        acknowledged_by=row.acknowledged_by,
        acknowledged_until=row.acknowledged_until,
        on_shift=row.on_shift,
        # What was kept from people once keeps its number, for the digest that tells of it.
        silence=None if row.silenced_version is None else row.silence_id,
        merged_into=row.merged_into,
    )
