"""Matched transactions some record of which says something else now, and what they hold."""

from collections.abc import Collection
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, select, update

from monitor.core.model import StreamId
from monitor.core.transactions import TransactionStatus
from monitor.store.bulk import fetch_frame, listed_ids, listed_texts
from monitor.store.schema import business_transaction, deadline, link

MATCHED = {
    "transaction": pl.String,
    "transaction_id": pl.Int64,
    "record": pl.Int64,
    "stream": pl.String,
}
"""A record in a matched transaction: the transaction's key, the store's numbers of both."""


def load_matched(connection: Connection, flow: str, record_ids: Collection[int]) -> pl.DataFrame:
    """Those of these records all of whose transactions are matched and await nothing.

    Returns:
        `MATCHED`, one row a record and transaction of the flow.
    """
    query = (
        select(
            business_transaction.c.key,
            business_transaction.c.id,
            link.c.record_id,
            link.c.stream,
            business_transaction.c.status,
            deadline.c.transaction_id,
        )
        .join_from(link, business_transaction)
        .outerjoin(deadline, deadline.c.transaction_id == link.c.transaction_id)
        .where(link.c.record_id.in_(listed_ids(connection, record_ids)))
        # Not by an index: it would lead to all transactions of the flow.
        .where(business_transaction.c.flow.concat("") == flow)
    )
    found = fetch_frame(connection, query, {**MATCHED, "status": pl.String, "awaits": pl.Int64})
    is_matched = pl.col("status") == TransactionStatus.MATCHED.value
    at_rest = (is_matched & pl.col("awaits").is_null()).all().over("record")
    return found.filter(at_rest).select(*MATCHED)


def load_members_in(
    connection: Connection, numbers: Collection[int], streams: Collection[StreamId]
) -> pl.DataFrame:
    """The records of some streams that are in the transactions with these numbers.

    Returns:
        `transaction_id` and `record`, the store's numbers of both.
    """
    query = select(link.c.transaction_id, link.c.record_id).where(
        link.c.transaction_id.in_(listed_ids(connection, numbers)),
        link.c.stream.in_(listed_texts(connection, sorted(map(str, streams)))),
    )
    return fetch_frame(connection, query, {"transaction_id": pl.Int64, "record": pl.Int64})


def note_still_matched(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """A look at these matched transactions found nothing new."""
    connection.execute(
        update(business_transaction)
        .where(business_transaction.c.id.in_(listed_ids(connection, numbers)))
        .values(evaluated_at=now)
    )
