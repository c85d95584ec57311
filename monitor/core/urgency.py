"""Urgency: how soon somebody has to look, by the money at risk and by how long it has stood."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from monitor.core.breaks import Severity
from monitor.core.duty import Duty
from monitor.core.exchange import Exchange
from monitor.core.incidents import is_worse
from monitor.core.telling import UrgencySettings


class Stakes(NamedTuple):
    """What depends on an incident.

    Attributes:
        severity: that of the worst thing that stands.
        money: at risk, by currency.
        owners: who holds it, whoever holds the worst of it first.
        since: when it was opened.
    """

    severity: Severity
    money: Mapping[str, Decimal]
    owners: tuple[str, ...]
    since: datetime


class Judgement(NamedTuple):
    """How urgent it is.

    Attributes:
        severity: never less than that of the worst thing that stands.
        why: what raised it, without who says so; empty where nothing did.
        again: when time alone may raise it further; None: never.
    """

    severity: Severity
    why: str
    again: datetime | None


def judge(
    stakes: Stakes,
    rungs: Sequence[UrgencySettings],
    exchange: Exchange,
    duty: Duty,
    now: datetime,
) -> Judgement:
    """How urgent an incident is now. A rung raises, and never lowers.

    Args:
        stakes: what depends on it.
        rungs: the landscape's table.
        exchange: rates by which money in several currencies is compared.
        duty: whose working time its age is counted in.
        now: the present.
    """
    owner = stakes.owners[0] if stakes.owners else ""
    judged, why = stakes.severity, ""
    waits: list[tuple[datetime, Severity]] = []
    for rung in rungs:
        if rung.owners and not set(rung.owners) & set(stakes.owners):
            continue
        currency = exchange.reached(rung.at_risk, stakes.money, now.date())
        if rung.at_risk and currency is None:
            continue
        if rung.after is not None:
            due = duty.add(stakes.since, rung.after, rung.calendar, owner)
            if due > now:
                waits.append((due, rung.severity))
                continue
        if is_worse(rung.severity, judged):
            in_hours = duty.hours(rung.calendar, owner) is not None
            judged, why = rung.severity, _reason(rung, currency, in_hours=in_hours)
    again = min((due for due, severity in waits if is_worse(severity, judged)), default=None)
    return Judgement(judged, why, again)


def _reason(rung: UrgencySettings, currency: str | None, *, in_hours: bool) -> str:
    parts = []
    if currency is not None:
        parts.append(f"{rung.at_risk[currency]:,f} {currency} or more are at risk")
    if rung.after is not None:
        working = " of working time" if in_hours else ""
        parts.append(f"it has stood for {_length(rung.after)}{working}")
    return " and ".join(parts)


def _length(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    named = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in named if count) or "no time"
