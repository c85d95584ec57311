"""Who hears of what, and from when on."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from monitor.core.duty import Duty, is_working, next_closing, next_opening
from monitor.core.exchange import Exchange
from monitor.core.notices import Notice
from monitor.core.routes import RouteHours, RouteSettings, Subject


class Listener(NamedTuple):
    """A channel that a route leads to.

    Attributes:
        channel: its name.
        at: from when on the route applies.
        chain: the escalation that goes on from there; empty where none does.
    """

    channel: str
    at: datetime
    chain: str = ""


@dataclass(frozen=True, slots=True)
class Routing:
    """Routes, and what they are judged by.

    Attributes:
        routes: in the landscape's order.
        duty: when who works.
        exchange: rates by which money in several currencies is compared.
    """

    routes: Sequence[RouteSettings]
    duty: Duty = field(default_factory=Duty)
    exchange: Exchange = field(default_factory=Exchange)

    @property
    def asks_for_legal_entities(self) -> bool:
        """Whether any route looks at them; they have to be looked up."""
        return any(each.legal_entities for each in self.routes)


def route(
    notice: Notice, routing: Routing, legal_entities: AbstractSet[str] = frozenset()
) -> tuple[str, ...]:
    """The channels of every route that lets the notice through, each once, in order.

    An empty filter lets everything through. A filter on break kinds keeps out notices about
    systems, which are about no break. What a route does not apply to at the time is not its own.
    """
    heard = listeners(subject_of(notice, legal_entities), routing, notice.at)
    return tuple(dict.fromkeys(each.channel for each in heard if each.at <= notice.at))


def listeners(subject: Subject, routing: Routing, now: datetime) -> tuple[Listener, ...]:
    """Whoever hears of an incident, each once with each chain, in order; some of them later."""
    found: dict[tuple[str, str], datetime] = {}
    for settings in routing.routes:
        if not _lets_through(settings, subject, routing.exchange, now):
            continue
        at = applies_at(settings, routing.duty, subject.owner, now)
        if at is None:
            continue
        for channel in settings.channels:
            place = (channel, settings.escalation or "")
            found[place] = min(at, found.get(place, at))
    return tuple(Listener(channel, at, chain) for (channel, chain), at in found.items())


def subject_of(notice: Notice, legal_entities: AbstractSet[str] = frozenset()) -> Subject:
    """What routes look at, of a notice."""
    money: tuple[tuple[str, Decimal], ...] = ()
    if notice.value_at_risk is not None:
        money = ((notice.currency, notice.value_at_risk),)
    return Subject(
        notice.kind,
        notice.severity,
        notice.break_kind,
        notice.system,
        notice.owner,
        money,
        frozenset(legal_entities),
    )


def applies_at(settings: RouteSettings, duty: Duty, owner: str, now: datetime) -> datetime | None:
    """The present, or when the route next applies; None: never.

    Where nobody's working time is known, it is always working time.
    """
    if settings.hours is RouteHours.ALWAYS:
        return now
    hours = duty.hours(settings.calendar, owner)
    if settings.hours is RouteHours.WITHIN:
        return now if hours is None else next_opening(hours, now)
    if hours is None:
        return None
    return next_closing(hours, now) if is_working(hours, now) else now


def _lets_through(
    settings: RouteSettings, subject: Subject, exchange: Exchange, now: datetime
) -> bool:
    return subject.notice in settings.notices and all(_filters(settings, subject, exchange, now))


def _filters(
    settings: RouteSettings, subject: Subject, exchange: Exchange, now: datetime
) -> Iterator[bool]:
    yield not settings.severities or subject.severity in settings.severities
    yield not settings.kinds or subject.kind in settings.kinds
    yield not settings.systems or subject.system in settings.systems
    yield not settings.owners or subject.owner in settings.owners
    entities = settings.legal_entities
    yield not entities or not subject.legal_entities.isdisjoint(entities)
    money = dict(subject.money)
    yield not settings.at_risk or exchange.reached(settings.at_risk, money, now.date()) is not None
