"""Facts: records sampled from systems, the keys that correlate them, and the pages they come in."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from monitor.core.shapes import Shape

Value = str | int | bool | Decimal | datetime | date | None
"""A canonical field value. Money is Decimal, instants are aware UTC, business dates are dates."""


class FieldType(StrEnum):
    """The types a canonical field can have."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"


class StreamId(NamedTuple):
    """One object type of one system, written `system.stream` wherever people read it."""

    system: str
    stream: str

    def __str__(self) -> str:
        return f"{self.system}.{self.stream}"

    @classmethod
    def parse(cls, text: str) -> "StreamId":
        """Read `system.stream`.

        Raises:
            ValueError: the text is not two names joined by one dot.
        """
        system, dot, stream = text.partition(".")
        if not (system and dot and stream) or "." in stream:
            raise ValueError(f"'{text}' is not of the form system.stream")
        return cls(system, stream)


class KeyRole(StrEnum):
    """Whether a record is what the key names, or points at it."""

    DEFINES = "defines"
    REFERS = "refers"


class KeyUse(NamedTuple):
    """One business key on one record: kind `deal`, value `OPP-17`, already normalised."""

    role: KeyRole
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Record:
    """One canonical row as a system showed it.

    Attributes:
        stream: where it was read.
        entity: the canonical business object that it is.
        native_id: the system's own identifier, unique within the stream.
        fields: canonical values by field name; only mapped fields.
        keys: business keys, normalised.
        modified_at: the system's own stamp of the last change, where it has one.
        deleted: the system no longer has it (fields are those last seen).
        encoded: the fields as canonical JSON, kept because it is needed more than once.
        version: hash of entity, fields, keys and deleted. Two reads with the same version are
            the same state, whatever the stamp says.
        shape: of what types the source's values were, where the probe can tell.
    """

    stream: StreamId
    entity: str
    native_id: str
    fields: Mapping[str, Value]
    keys: tuple[KeyUse, ...]
    modified_at: datetime | None
    deleted: bool = False
    encoded: str = field(init=False, repr=False, compare=False)
    version: str = field(init=False)
    shape: Shape = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoded", encode_fields(self.fields))
        object.__setattr__(self, "version", hash_version(self))


def encode_value(value: Value) -> str | int | bool | None:
    """One canonical value as JSON holds it: decimals and instants as text, never as a float."""
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case _:
            return value


def decode_value(kind: FieldType, encoded: str | int | bool | None) -> Value:
    """The reverse of `encode_value`, for a field of this type.

    Raises:
        ValueError: what is encoded is no value of this type.
    """
    match kind, encoded:
        case _, None:
            return None
        case (FieldType.TEXT, str()) | (FieldType.BOOLEAN, bool()):
            return encoded
        case FieldType.INTEGER, int() if not isinstance(encoded, bool):
            return encoded
        case FieldType.DECIMAL, str() as value if re.fullmatch(r"-?\d+(\.\d+)?", value):
            return Decimal(value)
        case FieldType.DATE, str() as value:
            return date.fromisoformat(value)
        case FieldType.INSTANT, str() as value:
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is not None:
                return instant.astimezone(UTC)
    raise ValueError(f"this is no {kind.value}")


def encode_fields(fields: Mapping[str, Value]) -> str:
    """The fields as canonical JSON: sorted names, no blanks, one text per state."""
    encoded = {name: encode_value(fields[name]) for name in sorted(fields)}
    return msgspec.json.encode(encoded).decode()


def hash_version(record: Record) -> str:
    """What makes two states of a record differ, as 32 hex digits of SHA-256."""
    return hash_state(record.entity, record.encoded, record.keys, record.deleted)


def hash_state(entity: str, encoded_fields: str, keys: Iterable[KeyUse], deleted: bool) -> str:
    """The same over a state whose fields are encoded already."""
    uses = sorted({f"{use.role}\x1f{use.kind}\x1f{use.value}" for use in keys})
    parts = [entity, encoded_fields, *uses, str(deleted)]
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:32]


class RejectReason(StrEnum):
    """Why a row that a system sent could not become a record."""

    NOT_AN_OBJECT = "not_an_object"
    NO_ID = "no_id"
    NO_KEY = "no_key"
    NO_STAMP = "no_stamp"
    NO_VALUE = "no_value"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"


@dataclass(frozen=True, slots=True)
class Reject:
    """A row set aside with its reason; the rest of its page goes on.

    Attributes:
        native_id: where it could be read; None otherwise.
        reason: from the closed list.
        detail: one sentence for a person, naming the field and what was expected.
        payload: the row as received, as JSON text, cut at 2,000 characters.
        shape: of what types its values were, as of a `Record`.
    """

    native_id: str | None
    reason: RejectReason
    detail: str
    payload: str
    shape: Shape = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """What one call to a system brought.

    Attributes:
        records: rows that could be read.
        rejects: rows that could not.
        position: every change stamped before this instant has been yielded by now; None where
            the source does not order its pages, so nothing can be said before the last one.
    """

    records: tuple[Record, ...]
    rejects: tuple[Reject, ...] = ()
    position: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over its rows in the order of their arrival, as 64 hex digits."""
        parts = [f"{each.native_id}\x1f{each.version}" for each in self.records]
        parts += [f"\x1f{each.payload}" for each in self.rejects]
        return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open stretch of server time `[since, until)` to read; since None reads all."""

    since: datetime | None
    until: datetime
