"""Transactions in which nothing moved since some instant: their stored links still hold.

What a cycle correlated and nobody touched since need not be explored again. Whole groups are read
at a time, in the order in which the store has them.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, select

from monitor.core.model import StreamId
from monitor.store.bulk import fetch_frame, listed_ids, listed_texts
from monitor.store.past import VERSIONS
from monitor.store.schema import (
    business_transaction,
    deadline,
    link,
    record,
    record_version,
    touch,
)

_ID = {"id": pl.Int64}
_NAMED = {"transaction_id": pl.Int64, "transaction": pl.String}
_LINKED = {"transaction_id": pl.Int64, "record": pl.Int64}
_SINGLE = {name: type(kind) for name, kind in VERSIONS.items() if name != "sequence"}
_STATE = (
    record.c.stream,
    record.c.native_id,
    record.c.key_uses,
    record.c.modified_at,
    record.c.first_stamp,
    record.c.observed_at,
    record.c.deleted,
    record.c.fields,
)


class AtRest(NamedTuple):
    """Some whole groups of transactions, as they have been since an instant.

    Attributes:
        versions: their records, each as its only version in `VERSIONS`.
        links: `transaction` (str) and `record` (i64).
    """

    versions: pl.DataFrame
    links: pl.DataFrame


def find_stirred(connection: Connection, flow: str, since: datetime, known: datetime) -> pl.Series:
    """Records that may have been otherwise, or linked otherwise, at some time since an instant.

    They were seen or replaced since, no cycle has looked at them yet, or their transaction waits
    to be looked at again.

    Args:
        connection: a transaction.
        flow: whose links matter.
        since: the instant.
        known: until when a transaction's deadline may have passed.
    """
    queries = (
        select(record.c.id).where(record.c.observed_at > since),
        select(record_version.c.record_id).where(record_version.c.replaced_at > since),
        select(touch.c.record_id),
        select(link.c.record_id)
        .join_from(link, deadline, deadline.c.transaction_id == link.c.transaction_id)
        .where(deadline.c.flow == flow, deadline.c.due_at <= known),
    )
    return pl.concat([fetch_frame(connection, each, _ID)["id"] for each in queries]).unique().sort()


def count_records(connection: Connection) -> int:
    """How many records the store has, deleted ones included."""
    return connection.execute(select(func.count()).select_from(record)).scalar_one()


def transactions_of(connection: Connection, records: Collection[int]) -> pl.Series:
    """The store's numbers of the transactions, of any flow, that have one of these records."""
    query = (
        select(link.c.transaction_id)
        .where(link.c.record_id.in_(listed_ids(connection, records)))
        .distinct()
    )
    return fetch_frame(connection, query, _ID)["id"]


def read_at_rest(
    connection: Connection,
    flow: str,
    streams: Collection[StreamId],
    besides: pl.Series,
    size: int,
) -> Iterator[AtRest]:
    """The transactions of a flow by about so many, those that share a record together.

    Args:
        connection: a transaction.
        flow: whose transactions.
        streams: whose records are read; links of the others are told all the same.
        besides: the store's numbers of transactions that are left out.
        size: transactions at a time.
    """
    groups = _groups(connection, flow)
    apart = pl.concat([besides, groups["transaction_id"]]).unique()
    for named in _named_batches(connection, flow, size):
        alone = named.filter(~pl.col("transaction_id").is_in(apart.implode()))
        if alone.height:
            lowest, highest = named["transaction_id"][0], named["transaction_id"][-1]
            is_among = link.c.transaction_id.between(lowest, highest)
            yield _read(connection, alone, streams, is_among)
    together = groups.filter(~pl.col("transaction_id").is_in(besides.implode()))
    for numbers in _portions(together, size):
        is_among = link.c.transaction_id.in_(listed_ids(connection, numbers))
        query = select(business_transaction.c.id, business_transaction.c.key).where(
            business_transaction.c.id.in_(listed_ids(connection, numbers))
        )
        yield _read(connection, fetch_frame(connection, query, _NAMED), streams, is_among)


def read_unlinked(
    connection: Connection,
    flow: str,
    streams: Collection[StreamId],
    besides: Collection[int],
    size: int,
) -> Iterator[pl.DataFrame]:
    """Records of some streams in no transaction of a flow, but for these, as `VERSIONS`."""
    is_linked = (
        select(link.c.record_id)
        .join_from(link, business_transaction)
        .where(link.c.record_id == record.c.id)
        # Not by an index: it would lead to all transactions of the flow.
        .where(business_transaction.c.flow.concat("") == flow)
        .exists()
    )
    left_out, last = set(besides), 0
    while True:
        query = (
            select(record.c.id, *_STATE)
            .where(
                record.c.id > last,
                record.c.stream.in_(listed_texts(connection, [str(each) for each in streams])),
                ~is_linked,
            )
            .order_by(record.c.id)
            .limit(size)
        )
        found = fetch_frame(connection, query, _SINGLE)
        if not found.height:
            return
        last = found["record"][-1]
        yield _as_versions(found.filter(~pl.col("record").is_in(list(left_out))))


def _named_batches(connection: Connection, flow: str, size: int) -> Iterator[pl.DataFrame]:
    last = 0
    while True:
        query = (
            select(business_transaction.c.id, business_transaction.c.key)
            .where(business_transaction.c.flow == flow, business_transaction.c.id > last)
            .order_by(business_transaction.c.id)
            .limit(size)
        )
        named = fetch_frame(connection, query, _NAMED)
        if not named.height:
            return
        yield named
        last = named["transaction_id"][-1]


def _read(
    connection: Connection,
    named: pl.DataFrame,
    streams: Collection[StreamId],
    is_among: ColumnElement[bool],
) -> AtRest:
    wanted = listed_texts(connection, [str(each) for each in streams])
    query = (
        select(link.c.transaction_id, link.c.record_id, *_STATE)
        .join_from(
            link,
            record,
            and_(record.c.id == link.c.record_id, link.c.stream.in_(wanted)),
            isouter=True,
        )
        .where(is_among)
    )
    rows = fetch_frame(connection, query, {"transaction_id": pl.Int64, **_SINGLE})
    placed = rows.join(named, on="transaction_id")
    states = placed.drop_nulls("stream").select(*_SINGLE).unique("record", keep="any")
    return AtRest(_as_versions(states), placed.select("transaction", "record"))


def _as_versions(states: pl.DataFrame) -> pl.DataFrame:
    return states.with_columns(sequence=pl.lit(0, pl.Int64)).select(*VERSIONS)


def _groups(connection: Connection, flow: str) -> pl.DataFrame:
    """Transactions that share a record, `transaction_id`, with the lowest of theirs, `label`."""
    shared = select(link.c.record_id).group_by(link.c.record_id).having(func.count() > 1)
    query = (
        select(link.c.transaction_id, link.c.record_id)
        .join_from(link, business_transaction)
        .where(link.c.record_id.in_(shared))
        .where(business_transaction.c.flow.concat(literal_column("''")) == flow)
    )
    edges = fetch_frame(connection, query, _LINKED).filter(pl.len().over("record") > 1)
    labels = edges.with_columns(label="transaction_id")
    while True:
        nearer = labels.with_columns(pl.col("label").min().over("record")).with_columns(
            pl.col("label").min().over("transaction_id")
        )
        if nearer.equals(labels):
            return labels.select("transaction_id", "label").unique().sort("label", "transaction_id")
        labels = nearer


def _portions(groups: pl.DataFrame, size: int) -> Iterator[list[int]]:
    """Numbers of the transactions of whole groups, about so many at a time."""
    portion: list[int] = []
    for numbers in groups.group_by("label", maintain_order=True).agg("transaction_id")[
        "transaction_id"
    ]:
        portion += numbers.to_list()
        if len(portion) >= size:
            yield portion
            portion = []
    if portion:
        yield portion
