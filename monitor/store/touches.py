"""Marks of changed records that no cycle has looked at yet."""

from collections.abc import Collection
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, delete, func, insert, select

from monitor.core.model import StreamId
from monitor.store.bulk import fetch_frame, listed_ids, listed_texts
from monitor.store.schema import business_transaction, link, record, touch


class Touch(NamedTuple):
    """A mark of a changed record.

    Attributes:
        id: of the mark.
        record_id: the store's number of the record.
        moved: it may belong to other transactions now.
        fields: those that changed, as a JSON list; None: any may have.
    """

    id: int
    record_id: int
    moved: bool
    fields: str | None


def take_touched(connection: Connection, limit: int) -> list[Touch]:
    """The oldest marks; they stay until `clear_touched`, so that a crash loses none."""
    columns = (touch.c.id, touch.c.record_id, touch.c.moved, touch.c.fields)
    oldest = select(*columns).order_by(touch.c.id).limit(limit)
    schema = {"id": pl.Int64, "record_id": pl.Int64, "moved": pl.Boolean, "fields": pl.String}
    marks = fetch_frame(connection, oldest, schema)
    return [Touch(*row) for row in marks.iter_rows()]


def touches_of(connection: Connection, record_ids: Collection[int]) -> list[int]:
    """Ids of the marks that these records have now."""
    query = select(touch.c.id).where(touch.c.record_id.in_(listed_ids(connection, record_ids)))
    return fetch_frame(connection, query, {"id": pl.Int64})["id"].to_list()


def clear_touched(connection: Connection, touch_ids: Collection[int]) -> None:
    """The records behind these marks were looked at."""
    connection.execute(delete(touch).where(touch.c.id.in_(listed_ids(connection, touch_ids))))


def touch_records(connection: Connection, stream: StreamId, native_ids: Collection[str]) -> None:
    """Mark records of a stream to be looked at, whether or not they changed."""
    ids = select(record.c.id).where(
        record.c.stream == str(stream),
        record.c.native_id.in_(listed_texts(connection, native_ids)),
    )
    connection.execute(insert(touch).from_select(["record_id"], ids))


def touch_unlinked(connection: Connection, flow: str) -> None:
    """Mark every record that is in no transaction of a flow: changed or new, it may want them."""
    linked = (
        select(link.c.record_id)
        .join_from(link, business_transaction)
        .where(business_transaction.c.flow == flow)
    )
    unlinked = select(record.c.id).where(record.c.id.not_in(linked))
    connection.execute(insert(touch).from_select(["record_id"], unlinked))


def count_touched(connection: Connection) -> int:
    """How many marks wait."""
    return connection.execute(select(func.count()).select_from(touch)).scalar_one()
