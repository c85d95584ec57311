"""How far chains have come with incidents, and when their next steps are due."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, or_, select, update

from monitor.core.escalation import Place
from monitor.core.incidents import IncidentState
from monitor.store.bulk import upsert
from monitor.store.incident_tables import escalation, incident


class Climb(NamedTuple):
    """A chain on its way with an incident.

    Attributes:
        incident: its number.
        chain: name in the landscape.
        place: how far it has come.
        due_at: when the next step is due; None where none is.
        is_alone: whether nobody looks after the incident, and people may hear of it.
    """

    incident: int
    chain: str
    place: Place
    due_at: datetime | None
    is_alone: bool


_IS_ALONE = (incident.c.state == IncidentState.OPEN.value) & incident.c.silenced_version.is_(None)


def begin_chain(
    connection: Connection, number: int, chain: str, since: datetime, due_at: datetime | None
) -> None:
    """Let a chain begin with an incident; one that has begun goes on."""
    values = {
        "incident_id": number,
        "chain": chain,
        "taken": 0,
        "since": since,
        "due_at": due_at,
    }
    statement = upsert(connection, escalation)
    connection.execute(
        statement.on_conflict_do_nothing(index_elements=["incident_id", "chain"]), [values]
    )


def chains_of(connection: Connection, number: int) -> Collection[str]:
    """The chains that have begun with an incident."""
    query = select(escalation.c.chain).where(escalation.c.incident_id == number)
    return set(connection.execute(query).scalars())


def climbs_to_move(connection: Connection, now: datetime) -> list[Climb]:
    """Chains whose next step is due, that have to stop, or that may go on."""
    query = (
        select(escalation, _IS_ALONE.label("is_alone"))
        .join(incident, incident.c.id == escalation.c.incident_id)
        .where(
            or_(
                escalation.c.due_at <= now,
                escalation.c.since.is_not(None) & ~_IS_ALONE,
                escalation.c.since.is_(None) & _IS_ALONE,
            )
        )
        .order_by(escalation.c.incident_id, escalation.c.chain)
    )
    return [
        Climb(row.incident_id, row.chain, Place(row.taken, row.since), row.due_at, row.is_alone)
        for row in connection.execute(query)
    ]


def move_climb(connection: Connection, climb: Climb, place: Place, due_at: datetime | None) -> None:
    """The chain has come so far."""
    connection.execute(
        update(escalation)
        .where(escalation.c.incident_id == climb.incident, escalation.c.chain == climb.chain)
        .values(taken=place.taken, since=place.since, due_at=due_at)
    )


def end_chains(connection: Connection, number: int, chain: str | None = None) -> None:
    """The incident is over, or the chain is no more."""
    mine = escalation.c.incident_id == number
    if chain is not None:
        mine &= escalation.c.chain == chain
    connection.execute(delete(escalation).where(mine))
