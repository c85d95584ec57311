"""Deals to compare broken ones with."""

from collections.abc import Collection, Mapping

import polars as pl
from sqlalchemy import Connection, select

from monitor.core.entities import EntityFields
from monitor.core.model import StreamId
from monitor.store.bulk import listed_texts
from monitor.store.frames import load_frames
from monitor.store.schema import business_transaction, link

_SPREAD, _RANGE = 2_654_435_761, 4_294_967_296
"""Multiplying by a large odd number scatters successive numbers over a range."""


def sample_keys(connection: Connection, flow: str, most: int) -> list[str]:
    """Keys of at most so many transactions, spread over all of them; the same ones each time."""
    place = (business_transaction.c.id * _SPREAD) % _RANGE
    query = (
        select(business_transaction.c.key)
        .where(business_transaction.c.flow == flow, business_transaction.c.status != "empty")
        .order_by(place)
        .limit(most)
    )
    return list(connection.execute(query).scalars())


def load_deals(
    connection: Connection,
    flow: str,
    keys: Collection[str],
    fields_by_stream: Mapping[StreamId, EntityFields],
) -> dict[StreamId, pl.DataFrame]:
    """The records of these transactions by stream, as `Scope.frames` describes them."""
    query = (
        select(business_transaction.c.key, link.c.record_id)
        .join_from(link, business_transaction)
        .where(
            business_transaction.c.flow == flow,
            business_transaction.c.key.in_(listed_texts(connection, keys)),
        )
    )
    rows = [tuple(row) for row in connection.execute(query)]
    schema = {"transaction": pl.String, "record": pl.Int64}
    return load_frames(
        connection, pl.DataFrame(rows, schema=schema, orient="row"), fields_by_stream
    )
