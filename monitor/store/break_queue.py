"""The queue of breaks, counted: who holds how many, and how old they are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, func, select

from monitor.core.breaks import LIVE_STATES
from monitor.store.schema import breaks

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OwnerLoad:
    """What waits for one owner.

    Attributes:
        owner: who holds the breaks; empty: nobody.
        standing: how many.
        over_a_week, over_a_month: how many of them were opened that long ago.
        oldest: when the first of them was opened.
        money: sums of the value at risk by currency, each break counted.
    """

    owner: str
    standing: int
    over_a_week: int
    over_a_month: int
    oldest: datetime | None
    money: dict[str, Decimal]


def loads_by_owner(connection: Connection, now: datetime) -> list[OwnerLoad]:
    """Breaks that stand, by owner; who holds most comes first."""
    states = sorted(state.value for state in LIVE_STATES)
    counted = (
        select(
            breaks.c.owner,
            func.count(),
            func.count().filter(breaks.c.opened_at <= now - WEEK),
            func.count().filter(breaks.c.opened_at <= now - MONTH),
            func.min(breaks.c.opened_at),
        )
        .where(breaks.c.state.in_(states))
        .group_by(breaks.c.owner)
    )
    amounts = select(breaks.c.owner, breaks.c.currency, breaks.c.value_at_risk).where(
        breaks.c.state.in_(states), breaks.c.value_at_risk.is_not(None)
    )
    money: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for owner, currency, amount in connection.execute(amounts):
        money[owner][currency] += amount
    loads = [
        OwnerLoad(owner, standing, week, month, oldest, dict(money[owner]))
        for owner, standing, week, month, oldest in connection.execute(counted)
    ]
    return sorted(loads, key=lambda load: (-load.standing, load.owner))
