"""Escalate: who else is told of an incident that nobody looks after."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts.routing import Listener
from monitor.core.escalation import ChainSettings, Place, due_at
from monitor.core.incidents import WATCH, EventKind
from monitor.estate import Estate
from monitor.incidents.audience import Contents, owners_of
from monitor.store import escalations as stored
from monitor.store import incidents, tellings
from monitor.store.database import Connection, Database
from monitor.store.escalations import Climb, climbs_to_move, end_chains, move_climb
from monitor.store.incident_contents import blind_streams_of, stakes_of


def begin_chains(
    connection: Connection,
    estate: Estate,
    heard: Mapping[int, Iterable[Listener]],
    owners: Mapping[int, str],
) -> None:
    """Let the chains of some routes begin with incidents; those that have begun go on.

    Args:
        connection: a write transaction that holds incidents.
        estate: for its chains and working times.
        heard: by incident, who hears of it.
        owners: by incident, who holds the worst of it.
    """
    wanted = {
        (number, it.chain): it.at
        for number, each in heard.items()
        for it in sorted(each, reverse=True)
        if it.chain in estate.incidents.escalations
    }
    if not wanted:
        return
    begun = stored.chains_of(connection, {number for number, _ in wanted})
    beginnings = []
    for number, name in sorted(wanted.keys() - begun):
        chain, since = estate.incidents.escalations[name], wanted[number, name]
        due = due_at(chain, Place(0, since), estate.duty, owners[number])
        beginnings.append(stored.Beginning(number, name, since, due))
    stored.begin_chains(connection, beginnings)


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
        end_chains(connection, [climb.incident], climb.chain)
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
    why = f"Nobody has acknowledged it, so these are told too: {said} ({climb.chain}, {place})."
    incidents.add_event(connection, climb.incident, EventKind.ESCALATED, WATCH, why, now)
    tellings.subscribe(connection, climb.incident, estate.only_living(step.channels), now)
    incidents.change_incident(connection, climb.incident)
    tellings.mark_behind(connection, climb.incident, now)


def _owner_of(connection: Connection, estate: Estate, number: int) -> str:
    stakes = stakes_of(connection, [number])[number]
    blind = blind_streams_of(connection, [number])[number]
    return next(iter(owners_of(estate, Contents(stakes, blind, {}))), "")
