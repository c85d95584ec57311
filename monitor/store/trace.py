"""Find a deal, and see everything that is known of its records."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, or_, select

from monitor.core.model import KeyUse, StreamId
from monitor.core.transactions import TransactionStatus
from monitor.store.bulk import listed_ids
from monitor.store.records import decode_keys
from monitor.store.schema import business_transaction, link, record, record_key, record_version

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


def find_transactions(
    connection: Connection,
    *,
    text: str = "",
    flow: str | None = None,
    status: TransactionStatus | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[Transaction]:
    """Transactions by flow and business key.

    Args:
        connection: a transaction.
        text: part of the transaction's key in any case, or exactly a business key or native id
            of one of its records; empty finds all.
        flow: only this business process.
        status: only with this status.
        limit: at most so many.
        offset: leave out so many.
    """
    query = _TRANSACTIONS
    if text:
        in_key = business_transaction.c.key.icontains(text, autoescape=True)
        query = query.where(or_(in_key, business_transaction.c.id.in_(_with_record(text))))
    if flow is not None:
        query = query.where(business_transaction.c.flow == flow)
    if status is not None:
        query = query.where(business_transaction.c.status == status.value)
    order = (business_transaction.c.flow, business_transaction.c.key)
    return [
        _transaction(*row)
        for row in connection.execute(query.order_by(*order).limit(limit).offset(offset))
    ]


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


def _with_record(text: str) -> Select[tuple[int]]:
    """Ids of transactions that have a record with this key value or native id."""
    by_key = select(record_key.c.record_id).where(record_key.c.value == text)
    by_id = select(record.c.id).where(record.c.native_id == text)
    return select(link.c.transaction_id).where(link.c.record_id.in_(by_key.union(by_id)))
