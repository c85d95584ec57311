"""Pre-images: a record as it was just before it was written to, kept so that it can be put back."""

from typing import Any

import msgspec

from monitor.core.entities import EntityFields
from monitor.core.errors import Permanent, Reason
from monitor.core.model import KeyRole, KeyUse, Record, StreamId, decode_value, encode_value


def encode_record(record: Record) -> str:
    """A record as canonical JSON."""
    stamp = record.modified_at
    document = {
        "entity": record.entity,
        "native_id": record.native_id,
        "fields": {name: encode_value(value) for name, value in record.fields.items()},
        "keys": [list(use) for use in sorted(record.keys)],
        "modified_at": None if stamp is None else encode_value(stamp),
    }
    return msgspec.json.encode(document, order="sorted").decode()


def decode_record(document: str, stream: StreamId, fields: EntityFields) -> Record:
    """The record that a document says, without the instant at which the system stamped it.

    Args:
        document: as `encode_record` leaves it.
        stream: where the record is.
        fields: canonical fields of its entity, which say of what type each value is.

    Raises:
        Permanent: its fields are of other types by now.
    """
    try:
        said: dict[str, Any] = msgspec.json.decode(document)
        return Record(
            stream=stream,
            entity=said["entity"],
            native_id=said["native_id"],
            fields={
                name: decode_value(fields[name], each) for name, each in said["fields"].items()
            },
            keys=tuple(KeyUse(KeyRole(role), kind, value) for role, kind, value in said["keys"]),
            modified_at=None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Permanent(
            "what was kept of the record does not fit the landscape any more", reason=Reason.SCHEMA
        ) from error
