"""Escalate: who else is told of an incident that nobody looks after."""

from collections.abc import Iterable
from datetime import datetime

from alerts.routing import Listener
from monitor.core.escalation import ChainSettings, Place, due_at
from monitor.core.incidents import WATCH, EventKind
from monitor.estate import Estate
from monitor.incidents.audience import Contents, owners_of
from monitor.store import incidents, tellings
from monitor.store.database import Connection, Database
from monitor.store.escalations import (
    Climb,
    begin_chain,
    chains_of,
    climbs_to_move,
    end_chains,
    move_climb,
)


def begin_chains(
    connection: Connection,
    estate: Estate,
    number: int,
    heard: Iterable[Listener],
    contents: Contents,
) -> None:
    """Let the chains of some routes begin with an incident; those that have begun go on."""
    wanted = {each.chain: each.at for each in sorted(heard, reverse=True) if each.chain}
    if not wanted:
        return
    owner = next(iter(owners_of(estate, contents)), "")
    for name in sorted(wanted.keys() - chains_of(connection, number)):
        chain, since = estate.incidents.escalations.get(name), wanted[name]
        if chain is not None:
            due = due_at(chain, Place(0, since), estate.duty, owner)
            begin_chain(connection, number, name, since, due)


def escalate(estate: Estate, database: Database, now: datetime) -> None:
    """Take the steps that are due, and stop where somebody looks after an incident.

    Where an acknowledgement lapses, a chain goes on where it stood, and waits its whole time anew.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        if not climbs_to_move(connection, now):
            return
    with database.write() as connection:
        incidents.hold_incidents(connection)
        for climb in climbs_to_move(connection, now):
            _move(connection, estate, climb, now)


def _move(connection: Connection, estate: Estate, climb: Climb, now: datetime) -> None:
    chain = estate.incidents.escalations.get(climb.chain)
    if chain is None:
        end_chains(connection, climb.incident, climb.chain)
        return
    place = climb.place
    if not climb.is_alone:
        place = Place(place.taken, None)
    elif place.since is None:
        place = Place(place.taken, now)
    else:
        _take_step(connection, estate, climb, chain, now)
        place = Place(place.taken + 1, now)
    owner = _owner_of(connection, estate, climb.incident)
    move_climb(connection, climb, place, due_at(chain, place, estate.duty, owner))


def _take_step(
    connection: Connection, estate: Estate, climb: Climb, chain: ChainSettings, now: datetime
) -> None:
    step = chain.steps[climb.place.taken]
    said = ", ".join((*step.channels, *step.people))
    place = f"step {climb.place.taken + 1} of {len(chain.steps)}"
    why = f"Nobody has acknowledged it: {said} ({climb.chain}, {place})."
    incidents.add_event(connection, climb.incident, EventKind.ESCALATED, WATCH, why, now)
    tellings.subscribe(connection, climb.incident, estate.only_living(step.channels), now)
    incidents.change_incident(connection, climb.incident)
    tellings.mark_behind(connection, climb.incident, now)


def _owner_of(connection: Connection, estate: Estate, number: int) -> str:
    contents = Contents(
        incidents.stakes_of(connection, number),
        incidents.blind_streams_of(connection, number),
        {},
    )
    return next(iter(owners_of(estate, contents)), "")
