"""Standing: what an incident comes to, by what stands in it and by the time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from monitor.core.breaks import HINTS, Severity, Transition, TransitionKind
from monitor.core.incidents import WATCH, EventKind, Incident, IncidentState, is_worse, worst
from monitor.core.notices import NoticeKind
from monitor.core.silences import Silence, silence_of
from monitor.core.urgency import Judgement, Stakes, judge
from monitor.estate import Estate
from monitor.incidents.audience import (
    Contents,
    contents_of,
    labels_of,
    listeners_of,
    money_of,
    owners_of,
)
from monitor.incidents.escalating import begin_chains
from monitor.store import incidents, tellings
from monitor.store.database import Connection
from monitor.store.escalations import end_chains
from monitor.store.silences import silences_in_force

GOING = frozenset({TransitionKind.RESOLVED, TransitionKind.SUPPRESSED})
"""Steps by which a break leaves its incident."""

OPENED = frozenset({NoticeKind.OPENED})

Step = tuple[EventKind, str]
"""What happened to an incident, and what to say of it."""


def bring_up_to_date(
    connection: Connection,
    estate: Estate,
    number: int,
    moved: Sequence[Transition],
    now: datetime,
    *,
    kinds: Iterable[NoticeKind] = OPENED,
    is_news: bool = True,
) -> None:
    """Write down what its breaks make of an incident, and let whoever hears of it know.

    Args:
        connection: a write transaction that holds incidents.
        estate: for its routes and settings.
        number: of the incident.
        moved: steps of its breaks that nobody was told of yet.
        now: the present.
        kinds: of what the routes are asked for whom it concerns.
        is_news: whether something happened besides; if nothing did at all, it stays as it is.
    """
    incident = incidents.load_incident(connection, number)
    if incident is None:
        return
    silences = silences_in_force(connection, now)
    stakes = incidents.stakes_of(connection, number)
    blind = incidents.blind_streams_of(connection, number)
    contents = contents_of(connection, estate, stakes, blind, silences)
    steps = list(_told_of(moved, len(stakes)))
    if contents.is_empty:
        steps.append((EventKind.RESOLVED, moved[-1].why if moved else "What it was about is gone."))
        values: dict[str, Any] = {
            "state": IncidentState.RESOLVED.value,
            "resolved_at": now,
            "review_at": None,
        }
        end_chains(connection, number)
    else:
        judged = _judge(estate, incident, contents, now)
        shift, taken_over = _shift(estate, incident, contents, now)
        steps += [*_raised(incident, judged), *taken_over]
        values = {
            "severity": judged.severity.value,
            "review_at": _earlier(judged.again, _next_shift(estate, contents, now)),
            "on_shift": shift,
        }
        heard = listeners_of(estate, contents, judged.severity, kinds, now)
        for each in heard:
            tellings.subscribe(connection, number, estate.only_living([each.channel]), each.at)
        begin_chains(connection, estate, number, heard, contents)
        subjects = labels_of(estate, contents, judged.severity) if silences else []
        silence = silence_of(subjects, silences)
        steps += _silence(incident, silence, values)
    for kind, why in steps:
        incidents.add_event(connection, number, kind, WATCH, why, now)
    if not steps and not is_news:
        incidents.note_review(connection, number, values.get("review_at"))
        return
    incidents.change_incident(connection, number, **values)
    tellings.mark_behind(connection, number, now)


def _judge(estate: Estate, incident: Incident, contents: Contents, now: datetime) -> Judgement:
    severities = {each.severity for each in contents.stakes}
    if contents.blind:
        severities.add(Severity.WARNING)
    stakes = Stakes(
        worst(severities, incident.severity),
        money_of(contents.stakes),
        owners_of(estate, contents),
        incident.opened_at,
    )
    are_hints = not contents.blind and all(each.kind in HINTS for each in contents.stakes)
    rungs = () if are_hints else estate.incidents.urgency
    return judge(stakes, rungs, estate.exchange, estate.duty, now)


def _raised(incident: Incident, judged: Judgement) -> Iterable[Step]:
    if is_worse(judged.severity, incident.severity):
        because = f": {judged.why}" if judged.why else ""
        why = f"It is {judged.severity.value} now, and was {incident.severity.value}{because}."
        yield EventKind.RAISED, why


def _shift(
    estate: Estate, incident: Incident, contents: Contents, now: datetime
) -> tuple[str, list[Step]]:
    """The shift that holds it, and what to say where that is another one.

    Between two shifts it stays with the one that had it last.
    """
    owners = owners_of(estate, contents)
    shift = estate.duty.holder(owners[0], now) if owners else ""
    if not shift or shift == incident.on_shift:
        return incident.on_shift, []
    if not incident.version:
        return shift, []
    before = f", after {incident.on_shift}" if incident.on_shift else ""
    who = incident.acknowledged_by
    looks = f"; {who} looks after it" if who else "; nobody looks after it"
    return shift, [(EventKind.SHIFTED, f"It is with {shift} now{before}{looks}.")]


def _next_shift(estate: Estate, contents: Contents, now: datetime) -> datetime | None:
    owners = owners_of(estate, contents)
    return estate.duty.next_change(owners[0], now) if owners else None


def _silence(incident: Incident, silence: Silence | None, values: dict[str, Any]) -> list[Step]:
    """Keep an incident from people from now on, or let them hear of it again."""
    if silence is None:
        if incident.silence is None:
            return []
        values |= {"silence_id": None, "silenced_version": None}
        return [(EventKind.HEARD, "It is silenced no longer, and still stands.")]
    if incident.silence == silence.id:
        return []
    values["silence_id"] = silence.id
    if incident.silence is None:
        # Who was told of it sees that it is silenced, and nothing more until that ends.
        values["silenced_version"] = incident.version + 1
    until = f"{silence.until:%Y-%m-%d %H:%M} UTC"
    return [(EventKind.SILENCED, f"{silence.owner} silenced it until {until}: {silence.reason}")]


def _told_of(moved: Sequence[Transition], left: int) -> Iterable[Step]:
    """What to say of breaks that changed or went while others stand."""
    kinds = Counter(step.kind for step in moved)
    gone = sum(kinds[kind] for kind in GOING)
    if changed := kinds[TransitionKind.CHANGED]:
        first = next(step for step in moved if step.kind is TransitionKind.CHANGED)
        yield EventKind.CHANGED, first.why if changed == 1 else f"{changed} breaks changed."
    if gone and left:
        yield (
            EventKind.SHRANK,
            f"{gone} {'break is' if gone == 1 else 'breaks are'} gone, {left} left.",
        )


def _earlier(*instants: datetime | None) -> datetime | None:
    return min((each for each in instants if each is not None), default=None)
