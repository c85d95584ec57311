"""What was measured of transactions: kept a row a fact, replaced whole when a deal changed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, and_, delete, or_, select, update

from monitor.core.breaks import LIVE_STATES, TransitionKind
from monitor.core.ports import INSTANT
from monitor.store.bulk import fetch_frame, insert_rows, listed_ids, listed_texts
from monitor.store.columns import from_microseconds
from monitor.store.measure_tables import measured_deal, measured_hand_off, measured_record
from monitor.store.schema import break_transition, breaks, business_transaction

Column = type[pl.DataType]

DEALS: dict[str, Column] = {
    "transaction_id": pl.Int64,
    "flow": pl.String,
    "evaluated_at": pl.Int64,
    "amount": pl.String,
    "currency": pl.String,
    "region": pl.String,
    "legal_entity": pl.String,
    "service_line": pl.String,
}
"""Rows of `measured_deal`; instants are microseconds, money is its digits."""

HAND_OFFS: dict[str, Column] = {
    "transaction_id": pl.Int64,
    "hop": pl.String,
    "pair": pl.String,
    "flow": pl.String,
    "started_at": pl.Int64,
    "due_at": pl.Int64,
    "has_arrived": pl.Boolean,
    "arrived_at": pl.Int64,
    "worked": pl.Int64,
    "amount": pl.String,
    "currency": pl.String,
}
"""Rows of `measured_hand_off`, likewise; `worked` is microseconds too."""

RECORDS: dict[str, Column] = {
    "transaction_id": pl.Int64,
    "stream": pl.String,
    "native_id": pl.String,
    "flow": pl.String,
    "arrived_at": pl.Int64,
}
"""Rows of `measured_record`, likewise."""


class Unmeasured(NamedTuple):
    """A transaction whose evaluated state has not been measured."""

    id: int
    evaluated_at: datetime


class Measures(NamedTuple):
    """What was measured of some transactions: `DEALS`, `HAND_OFFS`, `RECORDS`."""

    deals: pl.DataFrame
    hand_offs: pl.DataFrame
    records: pl.DataFrame


class Arrival(NamedTuple):
    """A hand-off that arrived, by its deal's key; `pair` pairs single records, else empty."""

    transaction: str
    hop: str
    pair: str
    started_at: datetime
    due_at: datetime
    arrived_at: datetime


def unmeasured(connection: Connection, flow: str, after: int, limit: int) -> list[Unmeasured]:
    """Transactions that were evaluated anew since they were measured, by their numbers."""
    known = and_(
        measured_deal.c.transaction_id == business_transaction.c.id,
        measured_deal.c.evaluated_at == business_transaction.c.evaluated_at,
    )
    query = (
        select(business_transaction.c.id, business_transaction.c.evaluated_at)
        .outerjoin(measured_deal, known)
        .where(
            business_transaction.c.flow == flow,
            business_transaction.c.id > after,
            business_transaction.c.evaluated_at.is_not(None),
            measured_deal.c.transaction_id.is_(None),
        )
        .order_by(business_transaction.c.id)
        .limit(limit)
    )
    return [Unmeasured(*row) for row in connection.execute(query)]


def save_measures(connection: Connection, numbers: Collection[int], measures: Measures) -> None:
    """Replace what was measured of these transactions."""
    for table in (measured_hand_off, measured_record, measured_deal):
        wanted = table.c.transaction_id.in_(listed_ids(connection, numbers))
        connection.execute(delete(table).where(wanted))
    for table, frame in zip(
        (measured_deal, measured_hand_off, measured_record), measures, strict=True
    ):
        insert_rows(connection, table, frame.columns, frame.rows())


def forget_measures(connection: Connection, flow: str) -> None:
    """Have every transaction of a flow measured anew; until then the old measures stand."""
    never = from_microseconds(0)
    connection.execute(
        update(measured_deal).where(measured_deal.c.flow == flow).values(evaluated_at=never)
    )


def load_hand_offs(
    connection: Connection, flow: str, since: datetime, until: datetime
) -> pl.DataFrame:
    """Hand-offs that arrived within the time, and all that have not arrived or not by a stamp.

    Returns:
        `HAND_OFFS` with the transaction's key as `transaction` in place of its number, and
        instants as such.
    """
    at = measured_hand_off.c.arrived_at
    wanted = or_(and_(at >= since, at < until), at.is_(None))
    columns = [measured_hand_off.c[name] for name in HAND_OFFS if name != "transaction_id"]
    query = (
        select(business_transaction.c.key, *columns)
        .join_from(measured_hand_off, business_transaction)
        .where(measured_hand_off.c.flow == flow, wanted)
    )
    return _as_facts(fetch_frame(connection, query, _named(HAND_OFFS)))


def load_arrivals(connection: Connection, flow: str, since: datetime) -> list[Arrival]:
    """Hand-offs of a flow that arrived at `since` or later, the earliest first."""
    table = measured_hand_off.c
    query = (
        select(
            business_transaction.c.key,
            *(table[name] for name in Arrival._fields if name != "transaction"),
        )
        .join_from(measured_hand_off, business_transaction)
        .where(table.flow == flow, table.arrived_at >= since)
        .order_by(table.arrived_at, business_transaction.c.key, table.hop, table.pair)
    )
    return [Arrival(*row) for row in connection.execute(query)]


def load_set_ups(
    connection: Connection, flow: str, hops: Sequence[str], since: datetime, until: datetime
) -> pl.DataFrame:
    """Deals whose last one of these hand-offs arrived within the time, and when the first began.

    Returns:
        `transaction`, `started_at`, `arrived_at`.
    """
    schema = {"transaction": pl.String, "started_at": pl.Int64, "arrived_at": pl.Int64}
    if not hops:
        return _as_facts(pl.DataFrame(schema=schema))
    first, last = measured_hand_off.alias("first"), measured_hand_off.alias("last")
    query = (
        select(business_transaction.c.key, first.c.started_at, last.c.arrived_at)
        .join_from(last, first, first.c.transaction_id == last.c.transaction_id)
        .join(business_transaction, business_transaction.c.id == last.c.transaction_id)
        .where(
            last.c.flow == flow,
            last.c.hop == hops[-1],
            last.c.arrived_at >= since,
            last.c.arrived_at < until,
            first.c.hop == hops[0],
        )
    )
    return _as_facts(fetch_frame(connection, query, schema))


def load_records(
    connection: Connection, flow: str, since: datetime, until: datetime
) -> pl.DataFrame:
    """Counted records that came to be within the time, likewise."""
    at = measured_record.c.arrived_at
    columns = [measured_record.c[name] for name in RECORDS if name != "transaction_id"]
    query = (
        select(business_transaction.c.key, *columns)
        .join_from(measured_record, business_transaction)
        .where(measured_record.c.flow == flow, at >= since, at < until)
    )
    return _as_facts(fetch_frame(connection, query, _named(RECORDS)))


def load_deals(connection: Connection, flow: str, keys: Collection[str]) -> pl.DataFrame:
    """What was measured of these transactions, likewise, with what the last look said: `status`."""
    columns = [measured_deal.c[name] for name in DEALS if name != "transaction_id"]
    query = (
        select(business_transaction.c.key, *columns, business_transaction.c.status)
        .join_from(measured_deal, business_transaction)
        .where(
            business_transaction.c.flow == flow,
            business_transaction.c.key.in_(listed_texts(connection, keys)),
        )
    )
    return _as_facts(fetch_frame(connection, query, _named(DEALS) | {"status": pl.String}))


BREAKS: dict[str, Column] = {
    "fingerprint": pl.String,
    "transaction": pl.String,
    "kind": pl.String,
    "hop": pl.String,
    "system": pl.String,
    "stream": pl.String,
    "record_id": pl.String,
    "amount": pl.String,
    "currency": pl.String,
    "since": pl.Int64,
    "opened_at": pl.Int64,
    "resolved_at": pl.Int64,
    "state": pl.String,
    "episode": pl.Int64,
}
"""Breaks that were opened, each as it stood last; `amount` is the value at risk."""


def load_breaks_since(connection: Connection, flow: str, since: datetime) -> pl.DataFrame:
    """Breaks of a flow that stand, or were resolved at `since` or later.

    Returns:
        `BREAKS`, instants as such.
    """
    columns = [breaks.c["value_at_risk" if name == "amount" else name] for name in BREAKS]
    stands = breaks.c.state.in_(sorted(state.value for state in LIVE_STATES))
    query = select(*columns).where(
        breaks.c.flow == flow,
        breaks.c.opened_at.is_not(None),
        or_(stands, breaks.c.resolved_at >= since),
    )
    return _as_facts(fetch_frame(connection, query, BREAKS))


def load_former_episodes(
    connection: Connection, fingerprints: Collection[str]
) -> list[tuple[str, datetime, datetime]]:
    """Fingerprint, opening and end of each time that these breaks stood, but for the last one."""
    ends = (TransitionKind.OPENED, TransitionKind.REOPENED, TransitionKind.RESOLVED)
    query = (
        select(break_transition.c.fingerprint, break_transition.c.kind, break_transition.c.at)
        .where(
            break_transition.c.fingerprint.in_(listed_texts(connection, fingerprints)),
            break_transition.c.kind.in_([kind.value for kind in ends]),
        )
        .order_by(break_transition.c.fingerprint, break_transition.c.sequence)
    )
    steps = list(connection.execute(query))
    return [
        (fingerprint, opened_at, ended_at)
        for (fingerprint, _, opened_at), (same, kind, ended_at), later in zip(
            steps, steps[1:], [*steps[2:], None], strict=False
        )
        if kind == TransitionKind.RESOLVED and same == fingerprint
        if later is not None and later.fingerprint == fingerprint
    ]


def _named(schema: dict[str, Column]) -> dict[str, Column]:
    """The same with the transaction's key in place of its number."""
    rest = {name: kind for name, kind in schema.items() if name != "transaction_id"}
    return {"transaction": pl.String, **rest}


def _as_facts(frame: pl.DataFrame) -> pl.DataFrame:
    """Instants and stretches of time as such."""
    instants = [name for name in frame.columns if name.endswith("_at") or name == "since"]
    return frame.with_columns(
        pl.col(instants).cast(INSTANT), pl.col("^worked$").cast(pl.Duration("us"))
    )
