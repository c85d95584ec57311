"""Everything that belongs to transactions, gone through once and never held whole."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, exists, select

from monitor.core.breaks import TransitionKind
from monitor.core.model import StreamId
from monitor.store.bulk import listed_ids, listed_texts
from monitor.store.measure_tables import measured_deal
from monitor.store.schema import (
    break_transition,
    breaks,
    business_transaction,
    link,
    record,
    record_version,
)

PAGE = 2_000

Encoded = Mapping[str, str | int | bool | None]
"""Canonical values by field as `monitor.core.model.encode_value` leaves them."""


class LoggedDeal(NamedTuple):
    """A transaction, and what it is worth, as digits."""

    flow: str
    key: str
    status: str
    amount: str | None
    currency: str | None


class State(NamedTuple):
    """What a record said from some time on."""

    since: datetime
    fields: Encoded
    deleted: bool


class LoggedRecord(NamedTuple):
    """A record in every state that was seen, and its transactions as flow and key."""

    stream: StreamId
    native_id: str
    states: tuple[State, ...]
    deals: tuple[tuple[str, str], ...]


class LoggedStep(NamedTuple):
    """A break opened, reopened or resolved."""

    kind: TransitionKind
    at: datetime
    sequence: int


class LoggedBreak(NamedTuple):
    """A break that was opened, with the steps of its life."""

    fingerprint: str
    flow: str
    key: str
    rule: str
    kind: str
    hop: str
    stream: StreamId
    record_id: str
    steps: tuple[LoggedStep, ...]


def read_deals(connection: Connection) -> Iterator[LoggedDeal]:
    """Every transaction, in the order in which they were first seen."""
    deal, worth, after = business_transaction.c, measured_deal.c, 0
    while True:
        query = (
            select(deal.id, deal.flow, deal.key, deal.status, worth.amount, worth.currency)
            .outerjoin(measured_deal, worth.transaction_id == deal.id)
            .where(deal.id > after)
            .order_by(deal.id)
            .limit(PAGE)
        )
        rows = connection.execute(query).all()
        if not rows:
            return
        for _, flow, key, status, amount, currency in rows:
            digits = None if amount is None else format(amount, "f")
            yield LoggedDeal(flow, key, status, digits, currency)
        after = rows[-1].id


def read_records(connection: Connection) -> Iterator[LoggedRecord]:
    """Every record that is in a transaction, in the order in which they were first seen."""
    after = 0
    while True:
        is_linked = exists().where(link.c.record_id == record.c.id)
        query = select(record).where(record.c.id > after, is_linked).order_by(record.c.id)
        rows = connection.execute(query.limit(PAGE)).all()
        if not rows:
            return
        numbers = [row.id for row in rows]
        versions, deals = _versions(connection, numbers), _deals(connection, numbers)
        for row in rows:
            yield LoggedRecord(
                StreamId.parse(row.stream),
                row.native_id,
                tuple(_states([*versions[row.id], row])),
                tuple(deals[row.id]),
            )
        after = rows[-1].id


def read_breaks(connection: Connection) -> Iterator[LoggedBreak]:
    """Every break of a transaction that was opened, by fingerprint."""
    after = ""
    while True:
        query = (
            select(breaks)
            .where(breaks.c.fingerprint > after, breaks.c.opened_at.is_not(None))
            .order_by(breaks.c.fingerprint)
            .limit(PAGE)
        )
        rows = connection.execute(query).all()
        if not rows:
            return
        steps = _steps(connection, [row.fingerprint for row in rows])
        for row in rows:
            yield LoggedBreak(
                row.fingerprint,
                row.flow,
                row.transaction,
                row.rule,
                row.kind,
                row.hop,
                StreamId(row.system, row.stream),
                row.record_id,
                tuple(steps[row.fingerprint]),
            )
        after = rows[-1].fingerprint


def _versions(connection: Connection, numbers: Collection[int]) -> defaultdict[int, list[Row[Any]]]:
    query = (
        select(record_version)
        .where(record_version.c.record_id.in_(listed_ids(connection, numbers)))
        .order_by(record_version.c.id)
    )
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.record_id].append(row)
    return found


def _deals(
    connection: Connection, numbers: Collection[int]
) -> defaultdict[int, list[tuple[str, str]]]:
    query = (
        select(link.c.record_id, business_transaction.c.flow, business_transaction.c.key)
        .join_from(link, business_transaction)
        .where(link.c.record_id.in_(listed_ids(connection, numbers)))
        .order_by(business_transaction.c.flow, business_transaction.c.key)
    )
    found: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for number, flow, key in connection.execute(query):
        found[number].append((flow, key))
    return found


def _steps(
    connection: Connection, fingerprints: Collection[str]
) -> defaultdict[str, list[LoggedStep]]:
    told = (TransitionKind.OPENED, TransitionKind.REOPENED, TransitionKind.RESOLVED)
    query = (
        select(break_transition)
        .where(
            break_transition.c.fingerprint.in_(listed_texts(connection, fingerprints)),
            break_transition.c.kind.in_([kind.value for kind in told]),
        )
        .order_by(break_transition.c.fingerprint, break_transition.c.sequence)
    )
    found: defaultdict[str, list[LoggedStep]] = defaultdict(list)
    for row in connection.execute(query):
        step = LoggedStep(TransitionKind(row.kind), row.at, row.sequence)
        found[row.fingerprint].append(step)
    return found


def _states(rows: Collection[Row[Any]]) -> Iterator[State]:
    """Placed as `monitor.store.past` does: by stamps of their own, at the latest when seen."""
    before: datetime | None = None
    since: datetime | None = None
    for row in rows:
        stamp = row.first_stamp or row.modified_at
        is_new = stamp is not None and (before is None or stamp > before)
        placed = min(stamp, row.observed_at) if is_new else row.observed_at
        since = placed if since is None else max(since, placed)
        yield State(since, msgspec.json.decode(row.fields), row.deleted)
        before = row.modified_at
