"""Incidents, and what happened to them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, select, update

from monitor.core.breaks import Severity
from monitor.core.incidents import Cause, CauseKind, Event, EventKind, Incident, IncidentState
from monitor.store.bulk import hold, listed_ids, listed_texts, new_ids
from monitor.store.incident_tables import incident, incident_event


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


def last_resolved(
    connection: Connection, causes: Collection[Cause], after: datetime
) -> dict[Cause, int]:
    """Of each of some causes, the newest incident that was resolved after an instant."""
    about = listed_texts(connection, {cause.about for cause in causes})
    query = (
        select(incident.c.cause, incident.c.about, incident.c.id)
        .where(incident.c.about.in_(about), incident.c.resolved_at >= after)
        .order_by(incident.c.id)
    )
    found = {
        Cause(CauseKind(kind), about): number for kind, about, number in connection.execute(query)
    }
    return {cause: number for cause, number in found.items() if cause in causes}


def add_incident(connection: Connection, cause: Cause, severity: Severity, now: datetime) -> int:
    """Open an incident; returns its number."""
    return add_incidents(connection, {cause: severity}, now)[cause]


def add_incidents(
    connection: Connection, opened: Mapping[Cause, Severity], now: datetime
) -> dict[Cause, int]:
    """Open incidents; returns their numbers, which grow in the order given."""
    if not opened:
        return {}
    numbers = dict(zip(opened, new_ids(connection, incident, len(opened)), strict=True))
    rows = [
        {
            "id": number,
            "cause": cause.kind.value,
            "about": cause.about,
            "state": IncidentState.OPEN.value,
            "severity": opened[cause].value,
            "opened_at": now,
            "version": 0,
            "acknowledged_by": "",
        }
        for cause, number in numbers.items()
    ]
    connection.execute(insert(incident), rows)
    return numbers


def change_incident(connection: Connection, number: int, **values: Any) -> None:
    """Another version of an incident."""
    change_incidents(connection, {number: values})


def change_incidents(connection: Connection, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Another version of some incidents."""
    _update(connection, changes, version=incident.c.version + 1)


def note_reviews(connection: Connection, reviews: Mapping[int, datetime | None]) -> None:
    """Nothing changed; when time alone may change it."""
    _update(connection, {number: {"review_at": at} for number, at in reviews.items()})


def _update(
    connection: Connection, changes: Mapping[int, Mapping[str, Any]], **besides: Any
) -> None:
    alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, values in changes.items():
        alike[tuple(sorted(values))].append(number)
    for names, numbers in alike.items():
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        statement = update(incident).where(incident.c.id == bindparam("number"))
        connection.execute(
            statement.values(**new, **besides),
            [
                {"number": each, **{f"new_{name}": changes[each][name] for name in names}}
                for each in numbers
            ],
        )


def load_incident(connection: Connection, number: int) -> Incident | None:
    """An incident by its number; None where there is none."""
    return load_incidents(connection, [number]).get(number)


def load_incidents(connection: Connection, numbers: Collection[int]) -> dict[int, Incident]:
    """Some incidents by their numbers; those that are there."""
    query = select(incident).where(incident.c.id.in_(listed_ids(connection, numbers)))
    return {row.id: _read(row) for row in connection.execute(query.order_by(incident.c.id))}


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


class Step(NamedTuple):
    """What happened to an incident just now, as `Event`."""

    incident: int
    kind: EventKind
    who: str
    why: str


def add_event(
    connection: Connection, number: int, kind: EventKind, who: str, why: str, now: datetime
) -> None:
    """Note what happened to an incident."""
    add_events(connection, [Step(number, kind, who, why)], now)


def add_events(connection: Connection, steps: Sequence[Step], now: datetime) -> None:
    """Note what happened to incidents, in this order."""
    if not steps:
        return
    numbers = listed_ids(connection, {step.incident for step in steps})
    query = (
        select(incident_event.c.incident_id, func.max(incident_event.c.sequence))
        .where(incident_event.c.incident_id.in_(numbers))
        .group_by(incident_event.c.incident_id)
    )
    last = Counter(dict(connection.execute(query).all()))
    rows = []
    for step in steps:
        last[step.incident] += 1
        rows.append(
            {
                "incident_id": step.incident,
                "sequence": last[step.incident],
                "at": now,
                "kind": step.kind.value,
                "who": step.who,
                "why": step.why,
            }
        )
    connection.execute(insert(incident_event), rows)


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
