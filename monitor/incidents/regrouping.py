"""Draw together: what was late before it was known why becomes part of its queue's incident."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from monitor.core.breaks import HEARD_STATES, Break, Transition
from monitor.core.incidents import MIDDLEWARE, WATCH, EventKind, IncidentState, follow
from monitor.core.notices import NoticeKind
from monitor.incidents.standing import OPENED
from monitor.store import incidents, tellings
from monitor.store.database import Connection
from monitor.store.escalations import end_chains
from monitor.store.incident_contents import incidents_of, join_incidents, stakes_of


def draw_together(
    connection: Connection, opened: Sequence[Transition], known: Collection[Break], now: datetime
) -> dict[int, frozenset[NoticeKind]]:
    """Let breaks of deals whose messages turn out to be held up join the queue's incident.

    An incident that nothing is left of says where it went, and is over.

    Args:
        connection: a write transaction that holds incidents.
        opened: steps of breaks that opened just now, and have joined their incidents.
        known: the breaks of the same deals as they are after it.
        now: the present.

    Returns:
        The incidents that have to be brought up to date.
    """
    messages = [step.after.finding for step in opened if step.after.finding.kind in MIDDLEWARE]
    deals = {(each.flow, each.transaction) for each in messages}
    standing = {
        each.fingerprint: each.finding
        for each in known
        if each.state in HEARD_STATES and (each.finding.flow, each.finding.transaction) in deals
    }
    if not standing:
        return {}
    numbers = incidents_of(connection, standing)
    causes = incidents.causes_of(connection, set(numbers.values()))
    places = {name: (standing[name], causes[number]) for name, number in numbers.items()}
    moving = follow(messages, places)
    queues = incidents.find_standing(connection, set(moving.values()))
    ways: dict[tuple[int, int], set[str]] = defaultdict(set)
    for name, cause in moving.items():
        ways[numbers[name], queues[cause]].add(name)
    changed = set()
    for (source, target), names in sorted(ways.items()):
        join_incidents(connection, dict.fromkeys(names, target))
        why = f"{_count(len(names))} of incident {source} turned out to belong to it."
        incidents.add_event(connection, target, EventKind.GREW, WATCH, why, now)
        _leave(connection, source, target, len(names), now)
        changed |= {source, target}
    left = {number for number in changed if not _is_merged(connection, number)}
    return dict.fromkeys(left, OPENED)


def _leave(connection: Connection, source: int, target: int, gone: int, now: datetime) -> None:
    if stakes_of(connection, [source])[source]:
        why = f"{_count(gone)} turned out to belong to incident {target}."
        incidents.add_event(connection, source, EventKind.SHRANK, WATCH, why, now)
        return
    why = f"It turned out to be part of incident {target}, and goes on there."
    incidents.add_event(connection, source, EventKind.MERGED, WATCH, why, now)
    incidents.change_incident(
        connection,
        source,
        state=IncidentState.RESOLVED.value,
        resolved_at=now,
        review_at=None,
        merged_into=target,
    )
    end_chains(connection, [source])
    tellings.mark_behind(connection, source, now)


def _is_merged(connection: Connection, number: int) -> bool:
    known = incidents.load_incident(connection, number)
    return known is not None and known.merged_into is not None


def _count(breaks: int) -> str:
    return "1 break" if breaks == 1 else f"{breaks} breaks"
