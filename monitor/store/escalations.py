"""How far chains have come with incidents, and when their next steps are due."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from monitor.core.escalation import Place
from monitor.core.incidents import IncidentState
from monitor.store.bulk import listed_ids, upsert
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


class Beginning(NamedTuple):
    """A chain that begins with an incident; `since` and `due_at` as of its first step."""

    incident: int
    chain: str
    since: datetime
    due_at: datetime | None


def begin_chains(connection: Connection, beginnings: Sequence[Beginning]) -> None:
    """Let chains begin with incidents; those that have begun go on."""
    if not beginnings:
        return
    statement = upsert(connection, escalation)
    connection.execute(
        statement.on_conflict_do_nothing(index_elements=["incident_id", "chain"]),
        [
            {
                "incident_id": each.incident,
                "chain": each.chain,
                "taken": 0,
                "since": each.since,
                "due_at": each.due_at,
            }
            for each in beginnings
        ],
    )


def chains_of(connection: Connection, numbers: Collection[int]) -> set[tuple[int, str]]:
    """The chains that have begun with some incidents."""
    query = select(escalation.c.incident_id, escalation.c.chain).where(
        escalation.c.incident_id.in_(listed_ids(connection, numbers))
    )
    return {(number, chain) for number, chain in connection.execute(query)}


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


def end_chains(connection: Connection, numbers: Collection[int], chain: str | None = None) -> None:
    """The incidents are over, or the chain is no more."""
    if not numbers:
        return
    theirs: list[ColumnElement[bool]] = [
        escalation.c.incident_id.in_(listed_ids(connection, numbers))
    ]
    if chain is not None:
        theirs.append(escalation.c.chain == chain)
    connection.execute(delete(escalation).where(*theirs))
