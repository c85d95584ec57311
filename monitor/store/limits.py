"""What somebody sees who sees the deals of some companies and regions alone.

A deal belongs to the company and the region that were last measured of it. Where none was, it is
shown to those alone who see everything; and so is whatever touches one deal that is not theirs.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select

from monitor.core.people import Limits, Thing
from monitor.store.correction_tables import correction
from monitor.store.measure_tables import measured_deal
from monitor.store.plans import SHORTEST_PREFIX
from monitor.store.schema import breaks, business_transaction

_LAST: Final = "\U0010ffff"
"""The last character there is: what starts with a text comes before the text and this."""
_MOST_DIGITS: Final = 18
"""Of a number that every store can hold."""


def is_deal_seen(limits: Limits) -> ColumnElement[bool]:
    """Of transactions: whether they are shown."""
    theirs = select(measured_deal.c.transaction_id).where(
        measured_deal.c.transaction_id == business_transaction.c.id, *_belongs(limits)
    )
    return theirs.exists()


def is_break_seen(limits: Limits) -> ColumnElement[bool]:
    """Of breaks: whether they are shown, because their deals are."""
    deal = select(business_transaction.c.id).where(
        business_transaction.c.flow == breaks.c.flow,
        business_transaction.c.key == breaks.c.transaction,
        is_deal_seen(limits),
    )
    return deal.exists()


def sees(connection: Connection, limits: Limits, thing: Thing, name: str) -> bool:
    """Whether something of this name is shown; it is not where there is none.

    Args:
        connection: to read with.
        limits: of whoever asks.
        thing: what it is.
        name: as an address has it: of a deal its whole key, in any case; of breaks and plans how
            they start, and everything that starts so has to be theirs.
    """
    return _SEEN[thing](connection, limits, name)


def _sees_deal(connection: Connection, limits: Limits, name: str) -> bool:
    named = func.lower(business_transaction.c.key) == func.lower(name)
    query = select(is_deal_seen(limits)).select_from(business_transaction).where(named)
    return _all(connection, query)


def _sees_break(connection: Connection, limits: Limits, name: str) -> bool:
    start = (breaks.c.fingerprint >= name, breaks.c.fingerprint < name + _LAST)
    return _all(connection, select(is_break_seen(limits)).select_from(breaks).where(*start))


def _sees_plan(connection: Connection, limits: Limits, name: str) -> bool:
    if len(name) < SHORTEST_PREFIX:
        return False
    start = (correction.c.plan >= name, correction.c.plan < name + _LAST)
    return _sees_corrections(connection, limits, *start)


def _sees_correction(connection: Connection, limits: Limits, name: str) -> bool:
    if not name.isdecimal() or len(name) > _MOST_DIGITS:
        return False
    return _sees_corrections(connection, limits, correction.c.id == int(name))


def _sees_corrections(connection: Connection, limits: Limits, *wanted: ColumnElement[bool]) -> bool:
    # A correction whose break is not known belongs to nobody's deal.
    query = (
        select(func.coalesce(breaks.c.fingerprint.is_not(None) & is_break_seen(limits), False))
        .select_from(correction)
        .outerjoin(breaks, breaks.c.fingerprint == correction.c.fingerprint)
        .where(*wanted)
    )
    return _all(connection, query)


_SEEN: Mapping[Thing, Callable[[Connection, Limits, str], bool]] = {
    Thing.DEAL: _sees_deal,
    Thing.BREAK: _sees_break,
    Thing.PLAN: _sees_plan,
    Thing.CORRECTION: _sees_correction,
}


def _all(connection: Connection, query: Select[Any]) -> bool:
    """Whether there is something, and all of it is theirs."""
    found = connection.execute(query.distinct()).scalars().all()
    return [bool(each) for each in found] == [True]


def _belongs(limits: Limits) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if limits.legal_entities:
        conditions.append(measured_deal.c.legal_entity.in_(limits.legal_entities))
    if limits.regions:
        conditions.append(measured_deal.c.region.in_(limits.regions))
    return conditions
