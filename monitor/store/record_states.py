"""Records as they are stored, whole and typed, with the version that the systems showed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select, tuple_

from monitor.core.entities import EntityFields
from monitor.core.model import KeyUse, Record, StreamId, decode_value
from monitor.store.bulk import listed_ids, listed_texts
from monitor.store.records import decode_keys
from monitor.store.schema import record, record_key

Fields = Mapping[StreamId, EntityFields]


def load_by_number(
    connection: Connection, numbers: Collection[int], fields: Fields
) -> dict[int, Record]:
    """Records that the systems have, by the store's own number.

    One whose stored values no longer fit its fields' types, because the landscape changed, is left
    out: nobody can say what it would be.

    Args:
        connection: a transaction.
        numbers: of the records.
        fields: canonical fields by stream; records of other streams are left out.
    """
    query = _present().where(record.c.id.in_(listed_ids(connection, numbers)))
    return {row.id: found for row, found in _read_all(connection, query, fields)}


def load_by_native_id(
    connection: Connection, stream: StreamId, native_ids: Collection[str], fields: Fields
) -> dict[str, Record]:
    """The same by native id, of one stream."""
    among = record.c.native_id.in_(listed_texts(connection, native_ids))
    query = _present().where(record.c.stream == str(stream), among)
    return {found.native_id: found for _, found in _read_all(connection, query, fields)}


def load_by_key(
    connection: Connection, stream: StreamId, keys: Collection[KeyUse], fields: Fields
) -> list[Record]:
    """Records of a stream that use one of these keys, in whatever role, by native id."""
    pairs = sorted({(use.kind, use.value) for use in keys})
    with_key = select(record_key.c.record_id).where(
        tuple_(record_key.c.kind, record_key.c.value).in_(pairs)
    )
    query = _present().where(record.c.stream == str(stream), record.c.id.in_(with_key))
    found = [each for _, each in _read_all(connection, query, fields)]
    return sorted(found, key=lambda each: each.native_id)


def _present() -> Select[Any]:
    return select(record).where(record.c.deleted.is_(False))


def _read_all(
    connection: Connection, query: Select[Any], fields: Fields
) -> Sequence[tuple[Row[Any], Record]]:
    found = ((row, _read(row, fields)) for row in connection.execute(query))
    return [(row, each) for row, each in found if each is not None]


def _read(row: Row[Any], fields: Fields) -> Record | None:
    stream = StreamId.parse(row.stream)
    kinds = fields.get(stream, {})
    try:
        values = {
            name: decode_value(kinds[name], value)
            for name, value in msgspec.json.decode(row.fields).items()
        }
    except (ValueError, KeyError):
        return None
    found = Record(
        stream,
        row.entity,
        row.native_id,
        values,
        tuple(decode_keys(row.key_uses)),
        row.modified_at,
    )
    return found if found.version == row.version else None
