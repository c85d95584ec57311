"""Transactions: one deal each, the records that belong to it, and when to look at it again.

Callers know a transaction by its flow and business key; the store's own number stays in here.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import ColumnElement, Connection, delete, literal, select

from monitor.core.transactions import TransactionStatus
from monitor.store.bulk import (
    delete_rows,
    fetch_frame,
    hold,
    insert_rows,
    listed_ids,
    listed_texts,
    update_rows,
    upsert,
)
from monitor.store.columns import Instant, to_microseconds
from monitor.store.schema import business_transaction, deadline, link, transaction_count

LINKS = {"transaction": pl.String, "transaction_id": pl.Int64, "record": pl.Int64}
"""Links as stored: the transaction's key, and the store's numbers of it and of the record."""


class Link(NamedTuple):
    """A record in a transaction: the transaction's key and the store's numbers of both."""

    key: str
    transaction_id: int
    record_id: int


def save_links(connection: Connection, flow: str, links: pl.DataFrame, old: pl.DataFrame) -> None:
    """Replace links of this flow; transactions seen first are created.

    Args:
        connection: a write transaction.
        flow: the business process.
        links: columns transaction (str), record (i64), stream (`system.stream`): every link
            that the records have now.
        old: what `load_links` says of all of these records, those without any link included;
            nobody has changed it since.
    """
    hold(connection, f"flow {flow}")
    known = dict(old.select("transaction", "transaction_id").unique().iter_rows())
    known |= _ensure(connection, flow, set(links["transaction"].unique()) - known.keys())
    numbers = pl.DataFrame(
        {"transaction": list(known), "transaction_id": list(known.values())},
        schema={"transaction": pl.String, "transaction_id": pl.Int64},
    )
    columns = ("transaction_id", "record_id")
    before = old.select("transaction_id", record_id="record")
    after = links.join(numbers, on="transaction").select(
        "transaction_id", "stream", record_id="record"
    )
    gone = before.join(after, on=columns, how="anti").unique().sort(columns)
    come = after.join(before, on=columns, how="anti").unique().sort(columns)
    delete_rows(connection, link, columns, gone.rows())
    insert_rows(connection, link, (*columns, "stream"), come.select(*columns, "stream").rows())


def save_statuses(
    connection: Connection, flow: str, statuses: Mapping[str, TransactionStatus], now: datetime
) -> None:
    """Note what a look said of these transactions."""
    known = fetch_frame(
        connection,
        select(
            business_transaction.c.id,
            business_transaction.c.key,
            business_transaction.c.status,
            business_transaction.c.status_since,
        ).where(_among(connection, flow, statuses)),
        {"id": pl.Int64, "key": pl.String, "status": pl.String, "since": pl.Int64},
    )
    rows, moved, at = [], Counter[str](), to_microseconds(now)
    for number, key, before, since in known.iter_rows():
        after = statuses[key].value
        kept = since is not None and after == before
        rows.append((number, after, since if kept else at, at))
        moved[before] -= 1
        moved[after] += 1
    update_rows(connection, business_transaction, ("status", "status_since", "evaluated_at"), rows)
    _recount(connection, flow, moved)


def links_of(connection: Connection, flow: str, record_ids: Collection[int]) -> list[Link]:
    """Which transactions of a flow have these records, as stored."""
    found = load_links(connection, flow, record_ids)
    return [Link(*row) for row in found.iter_rows()]


def load_links(connection: Connection, flow: str, record_ids: Collection[int]) -> pl.DataFrame:
    """Which transactions of a flow have these records, as stored.

    Returns:
        `LINKS`.
    """
    numbers = transactions_with(connection, record_ids, besides=())
    links = load_members(connection, flow, numbers.to_list())
    return links.filter(pl.col("record").is_in(list(record_ids)))


def transactions_with(
    connection: Connection, record_ids: Collection[int], besides: Collection[int]
) -> pl.Series:
    """The store's numbers of the transactions, of any flow, that have one of these records.

    Args:
        connection: a transaction.
        record_ids: the store's numbers of the records.
        besides: numbers of transactions that the caller knows of already.
    """
    # Record by record: a condition on the flow would lead to all of its transactions first.
    having = select(link.c.transaction_id).where(
        link.c.record_id.in_(listed_ids(connection, record_ids))
    )
    others = having.except_(listed_ids(connection, besides)) if besides else having.distinct()
    return fetch_frame(connection, others, {"id": pl.Int64})["id"]


def load_members(connection: Connection, flow: str, numbers: Collection[int]) -> pl.DataFrame:
    """Every link of those of these transactions that are of the flow, as stored.

    Returns:
        `LINKS`.
    """
    if not numbers:
        return pl.DataFrame(schema=LINKS)
    named = fetch_frame(
        connection,
        select(
            business_transaction.c.flow, business_transaction.c.key, business_transaction.c.id
        ).where(business_transaction.c.id.in_(listed_ids(connection, numbers))),
        {"flow": pl.String, "transaction": pl.String, "transaction_id": pl.Int64},
    ).filter(pl.col("flow") == flow)
    links = fetch_frame(
        connection,
        select(link.c.transaction_id, link.c.record_id).where(
            link.c.transaction_id.in_(listed_ids(connection, named["transaction_id"].to_list()))
        ),
        {"transaction_id": pl.Int64, "record": pl.Int64},
    )
    return links.join(named, on="transaction_id").select(*LINKS)


def count_by_status(connection: Connection, flow: str) -> dict[TransactionStatus, int]:
    """How many transactions have each status; every status has an entry."""
    query = select(transaction_count.c.status, transaction_count.c.transactions).where(
        transaction_count.c.flow == flow
    )
    counts = dict.fromkeys(TransactionStatus, 0)
    counts |= {TransactionStatus(status): count for status, count in connection.execute(query)}
    return counts


def due_transactions(connection: Connection, flow: str, now: datetime, limit: int) -> list[str]:
    """Business keys of transactions whose deadline has passed, the longest due first."""
    query = (
        select(business_transaction.c.key)
        .join_from(deadline, business_transaction)
        .where(deadline.c.flow == flow, deadline.c.due_at <= now)
        .order_by(deadline.c.due_at, deadline.c.transaction_id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def replace_deadlines(
    connection: Connection, flow: str, keys: Collection[str], deadlines: Mapping[str, datetime]
) -> None:
    """Forget the deadlines of these transactions and note new ones for some of them."""
    known = select(business_transaction.c.key, business_transaction.c.id).where(
        _among(connection, flow, keys)
    )
    ids = dict(connection.execute(known).all())
    connection.execute(
        delete(deadline).where(deadline.c.transaction_id.in_(listed_ids(connection, ids.values())))
    )
    rows = [(ids[key], flow, to_microseconds(at)) for key, at in deadlines.items()]
    insert_rows(connection, deadline, ("transaction_id", "flow", "due_at"), rows)


def make_due(connection: Connection, flow: str, status: TransactionStatus, now: datetime) -> None:
    """Have every transaction with this status looked at: the unknown ones once a source is seen."""
    _make_due(connection, flow, now, business_transaction.c.status == status.value)


def make_all_due(connection: Connection, flow: str, now: datetime) -> None:
    """Have every transaction of the flow looked at: its rules changed."""
    _make_due(connection, flow, now)


def _make_due(
    connection: Connection, flow: str, now: datetime, *conditions: ColumnElement[bool]
) -> None:
    found = select(
        business_transaction.c.id, business_transaction.c.flow, literal(now, Instant)
    ).where(business_transaction.c.flow == flow, *conditions)
    columns = ["transaction_id", "flow", "due_at"]
    statement = upsert(connection, deadline).from_select(columns, found)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["transaction_id"],
            set_={"due_at": statement.excluded.due_at},
            where=deadline.c.due_at > statement.excluded.due_at,
        )
    )


def _among(connection: Connection, flow: str, keys: Iterable[str]) -> ColumnElement[bool]:
    wanted = business_transaction.c.key.in_(listed_texts(connection, set(keys)))
    return (business_transaction.c.flow == flow) & wanted


def _ensure(connection: Connection, flow: str, keys: Collection[str]) -> dict[str, int]:
    """Ids by key, creating what is not there."""
    if not keys:
        return {}
    known = select(business_transaction.c.key, business_transaction.c.id).where(
        _among(connection, flow, keys)
    )
    ids = dict(connection.execute(known).all())
    status = TransactionStatus.UNKNOWN.value
    fresh = [(flow, key, status) for key in sorted(set(keys) - ids.keys())]
    if not fresh:
        return ids
    insert_rows(connection, business_transaction, ("flow", "key", "status"), fresh)
    _recount(connection, flow, Counter({status: len(fresh)}))
    return dict(connection.execute(known).all())


def _recount(connection: Connection, flow: str, moved: Counter[str]) -> None:
    rows = [
        {"flow": flow, "status": status, "transactions": change}
        for status, change in sorted(moved.items())
        if change
    ]
    if rows:
        statement = upsert(connection, transaction_count)
        total = transaction_count.c.transactions + statement.excluded.transactions
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["flow", "status"], set_={"transactions": total}
            ),
            rows,
        )
