"""Draw together: what turns out to be part of something larger goes on in its incident.

What was late before it was known why becomes part of its queue's incident, and what stood by itself
before there was a crowd part of the crowd's.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from monitor.core.breaks import HEARD_STATES, Break, Transition
from monitor.core.incidents import (
    MIDDLEWARE,
    WATCH,
    Cause,
    EventKind,
    IncidentState,
    follow,
    rule_of,
)
from monitor.core.notices import NoticeKind
from monitor.incidents.standing import OPENED
from monitor.store import incidents, tellings
from monitor.store.database import Connection
from monitor.store.escalations import end_chains
from monitor.store.incident_contents import (
    Lone,
    incidents_of,
    join_incidents,
    lone_breaks,
    stakes_of,
)

Crowds = Mapping[Cause, Sequence[Lone]]
"""By the rule as a cause, breaks that stand by themselves and would be part of its incident."""


def lone_of(connection: Connection, opened: Sequence[Transition]) -> Crowds:
    """What stood by itself before some breaks opened that break the same rules at the same systems.

    What somebody looks after stays theirs.
    """
    causes = {
        (found.flow, found.rule, found.system): rule_of(found)
        for step in opened
        for found in [step.after.finding]
    }
    new = {step.after.fingerprint for step in opened}
    lone = lone_breaks(connection, causes.keys())
    return {
        causes[rule]: [each for each in breaks if each.fingerprint not in new]
        for rule, breaks in lone.items()
    }


def draw_together(
    connection: Connection,
    opened: Sequence[Transition],
    known: Collection[Break],
    lone: Crowds,
    now: datetime,
) -> dict[int, frozenset[NoticeKind]]:
    """Let breaks that turn out to be part of something larger join its incident.

    An incident that nothing is left of says where it went, and is over.

    Args:
        connection: a write transaction that holds incidents.
        opened: steps of breaks that opened just now, and have joined their incidents.
        known: the breaks of the same deals as they are after it.
        lone: what stood by itself before.
        now: the present.

    Returns:
        The incidents that have to be brought up to date.
    """
    crowds = incidents.find_standing(connection, lone.keys())
    moving = {each.fingerprint: cause for cause in crowds for each in lone[cause]}
    moving |= _held_up(connection, opened, known)
    if not moving:
        return {}
    numbers = incidents_of(connection, moving)
    targets = incidents.find_standing(connection, set(moving.values()))
    ways: dict[tuple[int, int], set[str]] = defaultdict(set)
    for name, cause in moving.items():
        ways[numbers[name], targets[cause]].add(name)
    join_incidents(connection, {name: targets[cause] for name, cause in moving.items()})
    changed = set()
    for (source, target), names in sorted(ways.items()):
        why = f"{_count(len(names))} of incident {source} turned out to belong to it."
        incidents.add_event(connection, target, EventKind.GREW, WATCH, why, now)
        _leave(connection, source, target, len(names), now)
        changed |= {source, target}
    left = {number for number in changed if not _is_merged(connection, number)}
    return dict.fromkeys(left, OPENED)


def _held_up(
    connection: Connection, opened: Sequence[Transition], known: Collection[Break]
) -> dict[str, Cause]:
    """The breaks of deals whose messages turn out to be held up, and the queue of each."""
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
    return follow(messages, places)


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
