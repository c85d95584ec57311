"""Raise: steps in breaks' lives become steps in incidents' lives, in the same transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from alerts.compose import notice_of
from monitor.core.breaks import HEARD_STATES, Break, Severity, Transition, TransitionKind
from monitor.core.ignores import heard
from monitor.core.incidents import (
    MIDDLEWARE,
    WATCH,
    Cause,
    CauseKind,
    EventKind,
    IncidentState,
    group,
    worst,
)
from monitor.core.model import StreamId
from monitor.core.notices import Notice, NoticeKind
from monitor.estate import Estate
from monitor.incidents.regrouping import Crowds, draw_together, lone_of
from monitor.incidents.standing import GOING, NEWS, OPENED, News, bring_up_to_date
from monitor.store import incidents, tellings
from monitor.store.database import Connection
from monitor.store.incident_contents import (
    blind_streams_of,
    forget_blind,
    incidents_of,
    join_incidents,
    note_blind,
    stakes_of,
)

_OPENING = frozenset({TransitionKind.OPENED, TransitionKind.REOPENED, TransitionKind.RELEASED})
_SAID = {TransitionKind.OPENED: NoticeKind.OPENED}
"""What a break's opening is to routes; what comes back is reopened."""


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
    moved = [step for step in steps if step.kind in GOING | {TransitionKind.CHANGED}]
    if not opened and not moved:
        return
    incidents.hold_incidents(connection)
    lone = lone_of(connection, opened)
    joined = _join(connection, estate, opened, known, lone, now)
    joined = draw_together(connection, opened, known, lone, now) | joined
    places = incidents_of(connection, [step.after.fingerprint for step in moved])
    by_incident: dict[int, list[Transition]] = defaultdict(list)
    for step in moved:
        if (number := places.get(step.after.fingerprint)) is not None:
            by_incident[number].append(step)
    news = {
        number: News(by_incident.get(number, ()), joined.get(number, OPENED))
        for number in sorted(joined.keys() | by_incident.keys())
    }
    bring_up_to_date(connection, estate, news, now)


def raise_blindness(
    connection: Connection, estate: Estate, stream: StreamId, notice: Notice, now: datetime
) -> None:
    """Let the incident of a system tell that a stream cannot be seen."""
    incidents.hold_incidents(connection)
    if stream in _told_blind(connection, stream):
        return
    cause = Cause(CauseKind.SOURCE, stream.system)
    known = incidents.find_standing(connection, {cause})
    number, kind = _open(connection, estate, {cause: notice.severity}, known, now)[cause]
    note_blind(connection, number, stream, notice.since or now)
    incidents.add_event(connection, number, kind, WATCH, notice.title, now)
    bring_up_to_date(connection, estate, {number: NEWS}, now)


def end_blindness(
    connection: Connection, estate: Estate, stream: StreamId, notice: Notice, now: datetime
) -> None:
    """The stream can be seen again."""
    incidents.hold_incidents(connection)
    number = forget_blind(connection, stream)
    if number is None:
        return
    if blind_streams_of(connection, [number])[number] or stakes_of(connection, [number])[number]:
        incidents.add_event(connection, number, EventKind.SHRANK, WATCH, notice.title, now)
    bring_up_to_date(connection, estate, {number: News(why=f"{notice.title}.")}, now)


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
    number = incidents_of(connection, {name}).get(name)
    if number is None:
        cause = Cause(CauseKind.DEAL, f"{found.flow} {found.transaction}")
        known = incidents.find_standing(connection, {cause})
        number, _ = _open(connection, estate, {cause: found.severity}, known, now)[cause]
        join_incidents(connection, {name: number})
    if why in {each.why for each in incidents.events_of(connection, number)}:
        return
    incidents.add_event(connection, number, EventKind.HANDED_OVER, WATCH, why, now)
    tellings.subscribe(connection, number, estate.only_living(channels), now)
    bring_up_to_date(connection, estate, {number: NEWS}, now)


def _told_blind(connection: Connection, stream: StreamId) -> Collection[StreamId]:
    cause = Cause(CauseKind.SOURCE, stream.system)
    number = incidents.find_standing(connection, {cause}).get(cause)
    return () if number is None else blind_streams_of(connection, [number])[number]


def _join(
    connection: Connection,
    estate: Estate,
    opened: Sequence[Transition],
    known: Collection[Break],
    lone: Crowds,
    now: datetime,
) -> dict[int, frozenset[NoticeKind]]:
    """Open what has to be opened; returns the incidents that got new breaks, and of what kinds."""
    recent = now - estate.incidents.crowd_within
    causes = group(
        [step.after.finding for step in opened],
        [
            each.finding
            for each in known
            if each.finding.kind in MIDDLEWARE and each.state in HEARD_STATES
        ],
        incidents.standing_causes(connection, CauseKind.RULE),
        estate.incidents.crowd,
        {cause: sum(each.opened_at >= recent for each in it) for cause, it in lone.items()},
    )
    by_cause: dict[Cause, list[Transition]] = defaultdict(list)
    for step in opened:
        by_cause[causes[step.after.fingerprint]].append(step)
    standing = incidents.find_standing(connection, by_cause.keys())
    severities = {
        cause: worst(step.after.finding.severity for step in by_cause[cause])
        for cause in sorted(by_cause)
    }
    places = _open(connection, estate, severities, standing, now)
    join_incidents(
        connection,
        {
            step.after.fingerprint: places[cause][0]
            for cause, steps in by_cause.items()
            for step in steps
        },
    )
    said = [
        incidents.Step(number, kind, WATCH, _opened(estate, by_cause[cause]))
        for cause, (number, kind) in places.items()
    ]
    incidents.add_events(connection, said, now)
    return {
        number: frozenset(_SAID.get(step.kind, NoticeKind.REOPENED) for step in by_cause[cause])
        for cause, (number, _) in places.items()
    }


def _opened(estate: Estate, steps: Sequence[Transition]) -> str:
    if len(steps) > 1:
        return f"{len(steps)} breaks opened."
    told = notice_of(steps[0], estate.address, estate.titles)
    return "A break opened." if told is None else told.title


def _open(
    connection: Connection,
    estate: Estate,
    severities: Mapping[Cause, Severity],
    standing: Mapping[Cause, int],
    now: datetime,
) -> dict[Cause, tuple[int, EventKind]]:
    """The incident of each cause: the one that stands, one that ended just now, or a new one."""
    absent = severities.keys() - standing.keys()
    reopens_after = now - estate.incidents.reopens_within
    back = incidents.last_resolved(connection, absent, reopens_after) if absent else {}
    going_on = {"state": IncidentState.OPEN.value, "resolved_at": None, "merged_into": None}
    incidents.change_incidents(connection, dict.fromkeys(back.values(), going_on))
    unknown = absent - back.keys()
    new = {each: severity for each, severity in severities.items() if each in unknown}
    opened = incidents.add_incidents(connection, new, now)
    return {
        cause: (standing[cause], EventKind.GREW)
        if cause in standing
        else (back[cause], EventKind.REOPENED)
        if cause in back
        else (opened[cause], EventKind.OPENED)
        for cause in severities
    }
