"""Find a deal, and see everything that is known of its records."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select

from monitor.core.model import KeyUse, StreamId
from monitor.core.people import Limits
from monitor.core.transactions import TransactionStatus
from monitor.store.bulk import listed_ids
from monitor.store.limits import is_deal_seen
from monitor.store.records import decode_keys
from monitor.store.schema import business_transaction, link, record, record_key, record_version

_LAST: Final = "\U0010ffff"
"""The last character there is: what starts with a text comes before the text and this."""

MOST_FOUND: Final = 1_000
"""Transactions that one text may find, by their keys and by their records each."""

Encoded = Mapping[str, str | int | bool | None]
"""Canonical values by field as `monitor.core.model.encode_value` leaves them."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One instance of a flow.

    Attributes:
        flow: the business process.
        key: business key of the deal, or `kind:value` where no root is known.
        status: what the last look said.
        status_since: since when it has said so; None before the first look.
        evaluated_at: when that look was; None before the first.
    """

    flow: str
    key: str
    status: TransactionStatus
    status_since: datetime | None
    evaluated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Version:
    """A state that was superseded: it held from `observed_at` until `replaced_at`."""

    fields: Encoded
    keys: tuple[KeyUse, ...]
    modified_at: datetime | None
    deleted: bool
    observed_at: datetime
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class TracedRecord:
    """A record as it is now and as it was, oldest version first."""

    id: int
    stream: StreamId
    native_id: str
    entity: str
    fields: Encoded
    keys: tuple[KeyUse, ...]
    modified_at: datetime | None
    observed_at: datetime
    deleted: bool
    versions: tuple[Version, ...]


_TRANSACTIONS = select(
    business_transaction.c.flow,
    business_transaction.c.key,
    business_transaction.c.status,
    business_transaction.c.status_since,
    business_transaction.c.evaluated_at,
)


class Place(NamedTuple):
    """Where a transaction stands in the order of lists."""

    flow: str
    key: str


def find_transactions(
    connection: Connection,
    *,
    text: str = "",
    flow: str | None = None,
    status: TransactionStatus | None = None,
    limit: int = 100,
    after: Place | None = None,
    limits: Limits | None = None,
) -> list[Transaction]:
    """Transactions by flow and business key.

    Args:
        connection: a transaction.
        text: how the transaction's key starts, in any case, or exactly a business key or native
            id of one of its records; empty finds all, any other at most `MOST_FOUND` of each.
        flow: only this business process.
        status: only with this status.
        limit: at most so many.
        after: only those that come after this place.
        limits: of whoever asks; None: they see every deal.
    """
    query = _TRANSACTIONS if limits is None else _TRANSACTIONS.where(is_deal_seen(limits))
    place: tuple[ColumnElement[str], ColumnElement[str]]
    place = (business_transaction.c.flow, business_transaction.c.key)
    if text:
        # Those few, one by one: the index of the order would lead to all of the flow's first.
        place = (place[0].concat(""), place[1].concat(""))
        numbers = {*_starting_so(connection, text), *_with_record(connection, text)}
        query = query.where(business_transaction.c.id.in_(listed_ids(connection, numbers)))
    if flow is not None:
        query = query.where(place[0] == flow)
    if status is not None:
        query = query.where(business_transaction.c.status == status.value)
    if after is not None:
        is_later = or_(place[0] > after.flow, place[1] > after.key)
        query = query.where(place[0] >= after.flow, is_later)
    return [_transaction(*row) for row in connection.execute(query.order_by(*place).limit(limit))]


def _starting_so(connection: Connection, text: str) -> list[int]:
    """Numbers of transactions whose key starts so, whatever the case of the letters A to Z."""
    key, start = func.lower(business_transaction.c.key), func.lower(text)
    query = (
        select(business_transaction.c.id)
        .where(key >= start, key < start.concat(_LAST))
        .order_by(key, business_transaction.c.key)
        .limit(MOST_FOUND)
    )
    return list(connection.execute(query).scalars())


def load_transaction(connection: Connection, flow: str, key: str) -> Transaction | None:
    """The transaction of exactly this key; None where there is none."""
    is_it = (business_transaction.c.flow == flow, business_transaction.c.key == key)
    row = connection.execute(_TRANSACTIONS.where(*is_it)).one_or_none()
    return None if row is None else _transaction(*row)


def _transaction(
    flow: str, key: str, status: str, since: datetime | None, evaluated_at: datetime | None
) -> Transaction:
    return Transaction(flow, key, TransactionStatus(status), since, evaluated_at)


def records_of(connection: Connection, flow: str, key: str) -> list[TracedRecord]:
    """The records of a transaction, deleted ones included, by stream and native id."""
    rows = connection.execute(
        select(record)
        .join_from(link, record)
        .join(business_transaction, business_transaction.c.id == link.c.transaction_id)
        .where(business_transaction.c.flow == flow, business_transaction.c.key == key)
        .order_by(record.c.stream, record.c.native_id)
    ).all()
    versions: dict[int, list[Version]] = defaultdict(list)
    superseded = (
        select(record_version)
        .where(record_version.c.record_id.in_(listed_ids(connection, [row.id for row in rows])))
        .order_by(record_version.c.id)
    )
    for row in connection.execute(superseded):
        versions[row.record_id].append(_version(row))
    return [
        TracedRecord(
            row.id,
            StreamId.parse(row.stream),
            row.native_id,
            row.entity,
            msgspec.json.decode(row.fields),
            tuple(decode_keys(row.key_uses)),
            row.modified_at,
            row.observed_at,
            row.deleted,
            tuple(versions[row.id]),
        )
        for row in rows
    ]


def _version(row: Row[Any]) -> Version:
    return Version(
        msgspec.json.decode(row.fields),
        tuple(decode_keys(row.key_uses)),
        row.modified_at,
        row.deleted,
        row.observed_at,
        row.replaced_at,
    )


def _with_record(connection: Connection, text: str) -> list[int]:
    """Numbers of transactions that have a record with this key value or native id."""
    kinds = connection.execute(_each_first(record_key.c.kind)).scalars().all()
    by_key = select(record_key.c.record_id).where(
        record_key.c.kind.in_(kinds), record_key.c.value == text
    )
    streams = connection.execute(_each_first(record.c.stream)).scalars().all()
    by_id = select(record.c.id).where(record.c.stream.in_(streams), record.c.native_id == text)
    records = connection.execute(by_key.union(by_id)).scalars().all()
    linked = select(link.c.transaction_id).where(
        link.c.record_id.in_(listed_ids(connection, records))
    )
    return list(connection.execute(linked.distinct().limit(MOST_FOUND)).scalars())


def _each_first(column: ColumnElement[str]) -> Select[tuple[str]]:
    """Every value of an index's first column, found by leaps: there are few of them."""
    values = select(func.min(column).label("value")).cte(recursive=True)
    following = select(func.min(column)).where(column > values.c.value).scalar_subquery()
    values = values.union_all(select(following).where(values.c.value.is_not(None)))
    return select(values.c.value).where(values.c.value.is_not(None))
