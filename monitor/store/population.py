"""The records of a stream as a population to draw from, in one order and without holding it."""

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from monitor.core.model import StreamId
from monitor.store.bulk import listed_texts
from monitor.store.schema import record

_AT_A_TIME = 10_000


class Unit(NamedTuple):
    """One record of the population: `amount` is None where it states none."""

    native_id: str
    amount: Decimal | None
    currency: str


class Held(NamedTuple):
    """A record as it is stored now; `number` is the store's own."""

    number: int
    version: str
    amount: Decimal | None
    modified_at: datetime | None
    deleted: bool


def read_population(
    connection: Connection, stream: StreamId, amount: str, currency: str
) -> Iterator[Unit]:
    """Every record that the system has, by native id in the order of code points.

    Args:
        connection: a transaction.
        stream: which.
        amount: canonical field with the money.
        currency: canonical field with its currency.
    """
    query = (
        select(record.c.native_id, record.c.fields)
        .where(record.c.stream == str(stream), record.c.deleted.is_(False))
        .order_by(record.c.native_id)
        .execution_options(yield_per=_AT_A_TIME)
    )
    for native_id, text in connection.execute(query):
        fields = msgspec.json.decode(text)
        yield Unit(native_id, _money(fields, amount), str(fields.get(currency) or "").upper())


def load_held(
    connection: Connection, stream: StreamId, native_ids: Collection[str], amount: str
) -> dict[str, Held]:
    """The stored state of these records by native id; deleted ones included."""
    query = select(
        record.c.native_id,
        record.c.id,
        record.c.version,
        record.c.fields,
        record.c.modified_at,
        record.c.deleted,
    ).where(
        record.c.stream == str(stream),
        record.c.native_id.in_(listed_texts(connection, native_ids)),
    )
    return {
        native_id: Held(number, version, _money(msgspec.json.decode(text), amount), stamp, deleted)
        for native_id, number, version, text, stamp, deleted in connection.execute(query)
    }


def _money(fields: dict[str, Any], name: str) -> Decimal | None:
    try:
        return None if fields.get(name) is None else Decimal(str(fields[name]))
    except InvalidOperation:
        return None
