"""Standing: what an incident comes to, by what stands in it and by the time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.routing import Listener
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
from monitor.store.incident_contents import blind_streams_of, stakes_of
from monitor.store.silences import silences_in_force

GOING = frozenset({TransitionKind.RESOLVED, TransitionKind.SUPPRESSED})
"""Steps by which a break leaves its incident."""

OPENED = frozenset({NoticeKind.OPENED})


@dataclass(frozen=True, slots=True)
class News:
    """What is new of an incident.

    Attributes:
        moved: steps of its breaks that nobody was told of yet.
        kinds: of what the routes are asked for whom it concerns.
        is_news: whether something happened besides; if nothing did at all, it stays as it is.
        why: why it is over, where nothing stands and no step of a break says it.
    """

    moved: Sequence[Transition] = ()
    kinds: frozenset[NoticeKind] = OPENED
    is_news: bool = True
    why: str = "What it was about is gone."


NEWS = News()
NO_NEWS = News(is_news=False)

Said = tuple[EventKind, str]
"""What happened to an incident, and what to say of it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an incident comes to.

    Attributes:
        values: what its row says from now on.
        said: what happened to it.
        heard: who hears of it; nobody new where it is over.
        owner: who holds the worst of it.
        is_over: whether nothing of it stands.
    """

    values: dict[str, Any]
    said: tuple[Said, ...]
    heard: tuple[Listener, ...] = ()
    owner: str = ""
    is_over: bool = False


def bring_up_to_date(
    connection: Connection, estate: Estate, news: Mapping[int, News], now: datetime
) -> None:
    """Write down what their breaks make of incidents, and let whoever hears of them know.

    As many statements for a thousand incidents as for one.

    Args:
        connection: a write transaction that holds incidents.
        estate: for its routes and settings.
        news: by incident, what is new of it.
        now: the present.
    """
    known = incidents.load_incidents(connection, news)
    silences = silences_in_force(connection, now)
    stakes, blind = stakes_of(connection, known), blind_streams_of(connection, known)
    contents = contents_of(connection, estate, stakes, blind, silences)
    standing = {
        number: _stand(estate, incident, contents[number], silences, news[number], now)
        for number, incident in known.items()
    }
    _write(connection, estate, standing, news, now)


def _stand(
    estate: Estate,
    incident: Incident,
    contents: Contents,
    silences: Sequence[Silence],
    news: News,
    now: datetime,
) -> Standing:
    told = tuple(_told_of(news.moved, len(contents.stakes)))
    if contents.is_empty:
        why = news.moved[-1].why if news.moved else news.why
        over = {"state": IncidentState.RESOLVED.value, "resolved_at": now, "review_at": None}
        return Standing(over, (*told, (EventKind.RESOLVED, why)), is_over=True)
    owners = owners_of(estate, contents)
    judged = _judge(estate, incident, contents, owners, now)
    shift, taken_over = _shift(estate, incident, owners, now)
    values: dict[str, Any] = {
        "severity": judged.severity.value,
        "review_at": _earlier(judged.again, _next_shift(estate, owners, now)),
        "on_shift": shift,
    }
    subjects = labels_of(estate, contents, judged.severity) if silences else []
    silenced = _silence(incident, silence_of(subjects, silences), values)
    return Standing(
        values,
        (*told, *_raised(incident, judged), *taken_over, *silenced),
        listeners_of(estate, contents, judged.severity, news.kinds, now),
        next(iter(owners), ""),
    )


def _write(
    connection: Connection,
    estate: Estate,
    standing: Mapping[int, Standing],
    news: Mapping[int, News],
    now: datetime,
) -> None:
    end_chains(connection, [number for number, each in standing.items() if each.is_over])
    heard = {number: each.heard for number, each in standing.items() if each.heard}
    living = set(estate.only_living({it.channel for each in heard.values() for it in each}))
    tellings.subscribe_all(
        connection,
        [
            (number, it.channel, it.at)
            for number, each in heard.items()
            for it in each
            if it.channel in living
        ],
    )
    owners = {number: each.owner for number, each in standing.items()}
    begin_chains(connection, estate, heard, owners)
    said = [
        incidents.Step(number, kind, WATCH, why)
        for number, each in standing.items()
        for kind, why in each.said
    ]
    incidents.add_events(connection, said, now)
    changed = {
        number: each.values
        for number, each in standing.items()
        if each.said or news[number].is_news
    }
    incidents.change_incidents(connection, changed)
    tellings.mark_all_behind(connection, changed, now)
    same = standing.keys() - changed.keys()
    incidents.note_reviews(connection, {it: standing[it].values["review_at"] for it in same})


def _judge(
    estate: Estate, incident: Incident, contents: Contents, owners: tuple[str, ...], now: datetime
) -> Judgement:
    severities = {each.severity for each in contents.stakes}
    if contents.blind:
        severities.add(Severity.WARNING)
    stakes = Stakes(
        worst(severities, incident.severity),
        money_of(contents.stakes),
        owners,
        incident.opened_at,
    )
    are_hints = not contents.blind and all(each.kind in HINTS for each in contents.stakes)
    rungs = () if are_hints else estate.incidents.urgency
    return judge(stakes, rungs, estate.exchange, estate.duty, now)


def _raised(incident: Incident, judged: Judgement) -> Iterable[Said]:
    if is_worse(judged.severity, incident.severity):
        because = f": {judged.why}" if judged.why else ""
        why = f"It is {judged.severity.value} now, and was {incident.severity.value}{because}."
        yield EventKind.RAISED, why


def _shift(
    estate: Estate, incident: Incident, owners: tuple[str, ...], now: datetime
) -> tuple[str, list[Said]]:
    """The shift that holds it, and what to say where that is another one.

    Between two shifts it stays with the one that had it last.
    """
    shift = estate.duty.holder(owners[0], now) if owners else ""
    if not shift or shift == incident.on_shift:
        return incident.on_shift, []
    if not incident.version:
        return shift, []
    before = f", after {incident.on_shift}" if incident.on_shift else ""
    who = incident.acknowledged_by
    looks = f"; {who} looks after it" if who else "; nobody looks after it"
    return shift, [(EventKind.SHIFTED, f"It is with {shift} now{before}{looks}.")]


def _next_shift(estate: Estate, owners: tuple[str, ...], now: datetime) -> datetime | None:
    return estate.duty.next_change(owners[0], now) if owners else None


def _silence(incident: Incident, silence: Silence | None, values: dict[str, Any]) -> list[Said]:
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


def _told_of(moved: Sequence[Transition], left: int) -> Iterable[Said]:
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
