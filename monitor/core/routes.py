"""Routes: who hears of what, and when."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from monitor.core.breaks import BreakKind, Severity
from monitor.core.notices import NoticeKind
from monitor.core.rates import CurrencyCode
from monitor.core.streams import Name, Settings


class RouteHours(StrEnum):
    """When a route applies, by the team's working time."""

    ALWAYS = "always"
    WITHIN = "within"
    OUTSIDE = "outside"


class RouteSettings(Settings):
    """Which notices go to which channels; an empty filter lets everything through."""

    channels: tuple[Name, ...] = Field(min_length=1)
    severities: tuple[Severity, ...] = ()
    kinds: tuple[BreakKind, ...] = ()
    systems: tuple[Name, ...] = ()
    owners: tuple[Name, ...] = ()
    legal_entities: tuple[str, ...] = ()
    """Companies of the firm, as the records of the deal name them in `legal_entity`."""
    at_risk: dict[CurrencyCode, Decimal] = {}
    """By currency, the money at risk from which on it applies; all of it is converted by the
    landscape's rates, and one currency that is reached is enough."""
    hours: RouteHours = RouteHours.ALWAYS
    """Within or outside of working time. An incident that comes up at another time, and still
    stands when the route applies, is told then."""
    calendar: str = ""
    """Calendar whose working time `hours` means; empty: that of the owner."""
    escalation: Name | None = None
    """Chain of `incidents.escalations` that goes on from here where nobody acknowledges."""
    notices: tuple[NoticeKind, ...] = (
        NoticeKind.OPENED,
        NoticeKind.RESOLVED,
        NoticeKind.REOPENED,
        NoticeKind.BLIND,
        NoticeKind.SIGHTED,
    )


class Subject(NamedTuple):
    """What routes look at.

    Attributes:
        notice: what happened.
        severity: how soon somebody has to look.
        kind: class of the break; None where it is about none.
        system: at fault.
        owner: who holds it.
        money: at risk, by currency.
        legal_entities: companies that the deal belongs to.
    """

    notice: NoticeKind
    severity: Severity
    kind: BreakKind | None
    system: str
    owner: str
    money: tuple[tuple[str, Decimal], ...] = ()
    legal_entities: frozenset[str] = frozenset()
