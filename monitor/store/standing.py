"""What stands, in figures: how many breaks, whose, of what age, and the money that depends on them.

Counting them costs by their number, and they are asked for whenever somebody looks. So the figures
are remembered until some break takes a step.
"""

import threading
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import nsmallest
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from monitor.core.at_risk import Worth, sum_at_risk
from monitor.core.breaks import LIVE_STATES, Break, BreakState, Severity
from monitor.store.breaks import read_break
from monitor.store.bulk import listed_texts
from monitor.store.columns import to_microseconds
from monitor.store.schema import break_transition, breaks

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)

DEAREST: Final = 500
"""Breaks that are named beside the figures."""

_RECENT = timedelta(days=1)
"""Longer than a step takes from its instant to its commit."""


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
    money: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one owner: when each break was opened, in order, and the money."""

    standing: int
    opened: Sequence[datetime]
    money: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Part:
    """Breaks that people hear of, or those that somebody ignores.

    Attributes:
        count: how many stand.
        at_risk: their money by currency, each transaction once.
        dearest: fingerprints of the first `DEAREST` in the order of `in_order`.
    """

    count: int = 0
    at_risk: Mapping[str, Decimal] = field(default_factory=dict)
    dearest: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands.

    Attributes:
        heard: breaks that people hear of.
        suppressed: those that somebody ignores.
        by_rule: how many of both a rule found, by flow and rule.
        by_owner: what waits for each owner.
    """

    heard: Part
    suppressed: Part
    by_rule: Mapping[tuple[str, str], int]
    by_owner: Mapping[str, Waiting]

    def loads(self, now: datetime) -> list[OwnerLoad]:
        """By owner; who holds most comes first."""
        found = [
            OwnerLoad(
                owner,
                each.standing,
                bisect_right(each.opened, now - WEEK),
                bisect_right(each.opened, now - MONTH),
                each.opened[0] if each.opened else None,
                each.money,
            )
            for owner, each in self.by_owner.items()
        ]
        return sorted(found, key=lambda load: (-load.standing, load.owner))


class _Row(NamedTuple):
    fingerprint: str
    state: str
    flow: str
    transaction: str
    rule: str
    severity: str
    owner: str
    currency: str
    value: Decimal | None
    suspected_at: datetime
    opened_at: datetime | None


_RANKS: Final = {severity.value: -rank for rank, severity in enumerate(Severity)}


def count_standing(connection: Connection) -> Standing:
    """The figures, counted now."""
    found = breaks.c
    query = select(
        found.fingerprint,
        found.state,
        found.flow,
        found.transaction,
        found.rule,
        found.severity,
        found.owner,
        found.currency,
        found.value_at_risk,
        found.suspected_at,
        found.opened_at,
    ).where(found.state.in_(sorted(LIVE_STATES)))
    rows = [_Row(*row) for row in connection.execute(query)]
    return Standing(
        _part(row for row in rows if row.state != BreakState.SUPPRESSED),
        _part(row for row in rows if row.state == BreakState.SUPPRESSED),
        Counter((row.flow, row.rule) for row in rows),
        _by_owner(rows),
    )


def _part(rows: Iterable[_Row]) -> Part:
    kept = list(rows)
    worths = (Worth(row.flow, row.transaction, row.currency, row.value) for row in kept)
    first = nsmallest(DEAREST, kept, key=_rank)
    return Part(len(kept), sum_at_risk(worths), tuple(row.fingerprint for row in first))


def _rank(row: _Row) -> tuple[int, Decimal | int, datetime, str]:
    """As `in_order` puts breaks."""
    return (_RANKS[row.severity], -(row.value or 0), row.suspected_at, row.fingerprint)


def _by_owner(rows: Iterable[_Row]) -> dict[str, Waiting]:
    held: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        held[row.owner].append(row)
    return {owner: _waiting(theirs) for owner, theirs in held.items()}


def _waiting(rows: Sequence[_Row]) -> Waiting:
    money: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.value is not None:
            money[row.currency] += row.value
    opened = sorted(row.opened_at for row in rows if row.opened_at is not None)
    return Waiting(len(rows), opened, dict(money))


def load_named(connection: Connection, fingerprints: Sequence[str]) -> list[Break]:
    """These breaks, in this order; those that are gone are left out."""
    query = select(breaks).where(breaks.c.fingerprint.in_(listed_texts(connection, fingerprints)))
    found = {row.fingerprint: read_break(row) for row in connection.execute(query)}
    return [found[name] for name in fingerprints if name in found]


class StandingMemory:
    """The figures, counted anew only after some break took a step; safe to use from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._standing: Standing | None = None

    def recall(self, connection: Connection) -> Standing:
        """The figures as the connection's snapshot has them."""
        stamp = _stamp(connection)
        with self._lock:
            if self._standing is not None and self._stamp == stamp:
                return self._standing
        # Outside of the lock: whoever still needs the old ones does not wait.
        standing = count_standing(connection)
        with self._lock:
            self._stamp, self._standing = stamp, standing
        return standing


def _stamp(connection: Connection) -> tuple[int, int]:
    """Another one after each step of any break: the newest instant, and how many are near it."""
    at = break_transition.c.at
    newest = connection.execute(select(func.max(at))).scalar()
    if newest is None:
        return (0, 0)
    recent = select(func.count()).where(at > newest - _RECENT)
    return (to_microseconds(newest), connection.execute(recent).scalar_one())
