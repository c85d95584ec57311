"""Raise: steps in breaks' lives become steps in incidents' lives, in the same transaction."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from alerts.compose import notice_of
from alerts.routing import route
from monitor.core.breaks import HEARD_STATES, Break, Severity, Transition, TransitionKind
from monitor.core.ignores import heard
from monitor.core.incidents import (
    MIDDLEWARE,
    Cause,
    CauseKind,
    EventKind,
    Incident,
    IncidentState,
    group,
    worst,
)
from monitor.core.model import StreamId
from monitor.core.notices import Notice
from monitor.estate import Estate
from monitor.store import incidents, tellings
from monitor.store.database import Connection

WATCH = "tieout"
"""Who took a step that no person took."""

_OPENING = frozenset({TransitionKind.OPENED, TransitionKind.REOPENED, TransitionKind.RELEASED})
_GOING = frozenset({TransitionKind.RESOLVED, TransitionKind.SUPPRESSED})


def raise_incidents(
    connection: Connection,
    estate: Estate,
    steps: Sequence[Transition],
    known: Collection[Break],
    now: datetime,
) -> None:
    """Let each break that opened join the incident of its cause; bring all others up to date.

    Args:
        connection: the write transaction in which the steps are stored, after them.
        estate: for its routes and settings.
        steps: what happened to breaks.
        known: the breaks of the same deals as they are after it.
        now: the present.
    """
    opened = [step for step in heard(steps) if step.kind in _OPENING]
    moved = [step for step in steps if step.kind in _GOING | {TransitionKind.CHANGED}]
    if not opened and not moved:
        return
    incidents.hold_incidents(connection)
    joined = _join(connection, estate, opened, known, now)
    places = incidents.incidents_of(connection, [step.after.fingerprint for step in moved])
    by_incident: dict[int, list[Transition]] = defaultdict(list)
    for step in moved:
        if (number := places.get(step.after.fingerprint)) is not None:
            by_incident[number].append(step)
    for number in sorted(joined | by_incident.keys()):
        _bring_up_to_date(connection, number, by_incident.get(number, []), now)


def raise_blindness(
    connection: Connection, estate: Estate, stream: StreamId, notice: Notice, now: datetime
) -> None:
    """Let the incident of a system tell that a stream cannot be seen."""
    incidents.hold_incidents(connection)
    if stream in _told_blind(connection, stream):
        return
    cause = Cause(CauseKind.SOURCE, stream.system)
    known = incidents.find_standing(connection, {cause})
    number, kind = _open(connection, estate, cause, notice.severity, known, now)
    incidents.note_blind(connection, number, stream, notice.since or now)
    incidents.add_event(connection, number, kind, WATCH, notice.title, now)
    tellings.subscribe(connection, number, estate.only_living(route(notice, estate.routes)), now)
    _bring_up_to_date(connection, number, [], now)


def end_blindness(connection: Connection, stream: StreamId, notice: Notice, now: datetime) -> None:
    """The stream can be seen again."""
    incidents.hold_incidents(connection)
    number = incidents.forget_blind(connection, stream)
    if number is not None:
        incidents.add_event(connection, number, EventKind.SHRANK, WATCH, notice.title, now)
        _bring_up_to_date(connection, number, [], now)


def raise_by_hand(
    connection: Connection,
    estate: Estate,
    standing: Break,
    why: str,
    channels: Iterable[str],
    now: datetime,
) -> None:
    """Let the incident of a break say, once, what somebody has to do about it by hand.

    Args:
        connection: a write transaction.
        estate: for its channels and settings.
        standing: the break.
        why: what is to be done, or what went wrong.
        channels: who hears of it, whether or not they heard of the incident before.
        now: the present.
    """
    incidents.hold_incidents(connection)
    found, name = standing.finding, standing.fingerprint
    number = incidents.incidents_of(connection, {name}).get(name)
    if number is None:
        cause = Cause(CauseKind.DEAL, f"{found.flow} {found.transaction}")
        known = incidents.find_standing(connection, {cause})
        number, _ = _open(connection, estate, cause, found.severity, known, now)
        incidents.join_incident(connection, number, {name})
    if why in {each.why for each in incidents.events_of(connection, number)}:
        return
    incidents.add_event(connection, number, EventKind.HANDED_OVER, WATCH, why, now)
    tellings.subscribe(connection, number, estate.only_living(channels), now)
    _bring_up_to_date(connection, number, [], now)


def _told_blind(connection: Connection, stream: StreamId) -> Collection[StreamId]:
    cause = Cause(CauseKind.SOURCE, stream.system)
    number = incidents.find_standing(connection, {cause}).get(cause)
    return () if number is None else incidents.blind_streams_of(connection, number)


def _join(
    connection: Connection,
    estate: Estate,
    opened: Sequence[Transition],
    known: Collection[Break],
    now: datetime,
) -> set[int]:
    """Open what has to be opened; returns the incidents that got new breaks."""
    causes = group(
        [step.after.finding for step in opened],
        [
            each.finding
            for each in known
            if each.finding.kind in MIDDLEWARE and each.state in HEARD_STATES
        ],
        incidents.standing_causes(connection, CauseKind.RULE),
        estate.incidents.crowd,
    )
    by_cause: dict[Cause, list[Transition]] = defaultdict(list)
    for step in opened:
        by_cause[causes[step.after.fingerprint]].append(step)
    joined = set()
    known_causes = incidents.find_standing(connection, by_cause.keys())
    for cause, steps in sorted(by_cause.items()):
        severity = worst(step.after.finding.severity for step in steps)
        number, kind = _open(connection, estate, cause, severity, known_causes, now)
        incidents.join_incident(connection, number, {step.after.fingerprint for step in steps})
        notices = [notice_of(step, estate.address, estate.titles) for step in steps]
        channels = [
            name for each in notices if each is not None for name in route(each, estate.routes)
        ]
        tellings.subscribe(connection, number, estate.only_living(dict.fromkeys(channels)), now)
        why = notices[0].title if len(steps) == 1 and notices[0] else f"{len(steps)} breaks opened."
        incidents.add_event(connection, number, kind, WATCH, why, now)
        joined.add(number)
    return joined


def _open(
    connection: Connection,
    estate: Estate,
    cause: Cause,
    severity: Severity,
    standing: Mapping[Cause, int],
    now: datetime,
) -> tuple[int, EventKind]:
    """The incident of a cause: the one that stands, one that ended just now, or a new one."""
    number = standing.get(cause)
    if number is not None:
        return number, EventKind.GREW
    last = incidents.last_resolved(connection, cause, now - estate.incidents.reopens_within)
    if last is None:
        return incidents.add_incident(connection, cause, severity, now), EventKind.OPENED
    incidents.change_incident(connection, last.id, state=IncidentState.OPEN.value, resolved_at=None)
    return last.id, EventKind.REOPENED


def _bring_up_to_date(
    connection: Connection, number: int, moved: Sequence[Transition], now: datetime
) -> None:
    """Write down what its breaks make of an incident, and let its channels know."""
    standing = incidents.standing_of(connection, number)
    is_blind = bool(incidents.blind_streams_of(connection, number))
    incident = incidents.load_incident(connection, number)
    if incident is None:
        return
    for kind, why in _told_of(moved, standing.breaks):
        incidents.add_event(connection, number, kind, WATCH, why, now)
    values: dict[str, object] = {}
    if not standing.breaks and not is_blind:
        why = moved[-1].why if moved else "What it was about is gone."
        incidents.add_event(connection, number, EventKind.RESOLVED, WATCH, why, now)
        values = {"state": IncidentState.RESOLVED.value, "resolved_at": now}
    else:
        values |= _severity(connection, incident, standing.severities, now, is_blind=is_blind)
    incidents.change_incident(connection, number, **values)
    tellings.mark_behind(connection, number, now)


def _severity(
    connection: Connection,
    incident: Incident,
    severities: Collection[Severity],
    now: datetime,
    *,
    is_blind: bool,
) -> Mapping[str, object]:
    severity = worst({*severities, *([Severity.WARNING] if is_blind else [])}, incident.severity)
    if severity is incident.severity:
        return {}
    if worst({severity, incident.severity}) is severity:
        why = f"It is {severity.value} now, and was {incident.severity.value}."
        incidents.add_event(connection, incident.id, EventKind.RAISED, WATCH, why, now)
    return {"severity": severity.value}


def _told_of(moved: Sequence[Transition], left: int) -> Iterable[tuple[EventKind, str]]:
    """What to say of breaks that changed or went while others stand."""
    kinds = Counter(step.kind for step in moved)
    gone = sum(kinds[kind] for kind in _GOING)
    if changed := kinds[TransitionKind.CHANGED]:
        first = next(step for step in moved if step.kind is TransitionKind.CHANGED)
        yield EventKind.CHANGED, first.why if changed == 1 else f"{changed} breaks changed."
    if gone and left:
        yield (
            EventKind.SHRANK,
            f"{gone} {'break is' if gone == 1 else 'breaks are'} gone, {left} left.",
        )
