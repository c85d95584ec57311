"""What was known of a stream at some instant in the past."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, literal, select, union_all

from monitor.core.model import StreamId
from monitor.store.columns import Instant
from monitor.store.schema import record, record_version


class PastState(NamedTuple):
    """A record as it was known at some instant; `fields` is canonical JSON."""

    native_id: str
    fields: str
    deleted: bool


def state_as_of(connection: Connection, stream: StreamId, instant: datetime) -> list[PastState]:
    """The records of a stream as they were known at an instant, by native id."""
    at = literal(instant, Instant)
    current = select(record.c.native_id, record.c.fields, record.c.deleted).where(
        record.c.stream == str(stream), record.c.observed_at <= at
    )
    superseded = (
        select(record.c.native_id, record_version.c.fields, record_version.c.deleted)
        .join_from(record, record_version)
        .where(
            record.c.stream == str(stream),
            record_version.c.observed_at <= at,
            record_version.c.replaced_at > at,
        )
    )
    found = connection.execute(union_all(current, superseded).order_by("native_id"))
    return [PastState(*row) for row in found]
