"""The port through which tieout changes a system: look, then write once, then look again.

Beside a probe stands at most one writer. It never decides whether to write: that was planned,
guarded and approved, and its intent is stored, before it is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from monitor.core.model import KeyUse, Record, StreamId, Value


class Operation(StrEnum):
    """What a write does to one record of one stream."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLAY = "replay"
    TRIGGER = "trigger"


class Safety(StrEnum):
    """What keeps a write from landing on a record that somebody changed after it was looked at.

    CONDITIONAL: the system itself compares (ETag, version, stamp, `UPDATE … WHERE`).
    COMPARED: the system compares nothing; it is read just before, and a narrow gap remains.
    KEYED: writing the same twice is one record: the system knows the idempotency key, or holds
        the business key to be unique.
    """

    CONDITIONAL = "conditional"
    COMPARED = "compared"
    KEYED = "keyed"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What can be written to a stream.

    Attributes:
        operations: by operation that is possible, what keeps it safe.
        fields: canonical fields that can be written.
        keys: key kinds that a new record can be given.
        triggers: names of what can be triggered.
    """

    operations: Mapping[Operation, Safety] = field(default_factory=dict)
    fields: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    triggers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one record, complete in itself.

    Attributes:
        operation: what is done.
        stream: where.
        native_id: of the record that is changed, or of the message that is replayed; empty where a
            record is created.
        keys: business keys by which the record is found, whether or not it exists yet.
        version: hash of the record that the plan saw, as `Record.version`; empty where there was
            none. A record with another one was changed by somebody else.
        before: canonical values that the plan saw, of the fields that it changes.
        after: the values that they shall have.
        trigger: which of the stream's triggers is pulled; empty for every other operation.
    """

    operation: Operation
    stream: StreamId
    native_id: str
    keys: tuple[KeyUse, ...]
    version: str
    before: Mapping[str, Value]
    after: Mapping[str, Value]
    trigger: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """A write's target as it is at one instant, read with the writer's own credentials.

    Attributes:
        record: the record, or the message; None where there is none.
        token: what the system calls this state (ETag, version, stamp); empty where it has no name.
        at: when it was read, by our clock.
    """

    record: Record | None
    token: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a system answered to a write that it took.

    Attributes:
        native_id: of the record that was written; empty where the system does not say.
        reference: what the system calls the act (a request id, a transaction number).
        answer: what came back, for the audit log, cut and without secrets.
    """

    native_id: str = ""
    reference: str = ""
    answer: str = ""


class Writer(Protocol):
    """Writes to one system. One writer may be used by several threads at a time."""

    def abilities(self, stream: str) -> Abilities:
        """What can be written to this stream."""
        ...

    def observe(self, write: Write) -> Observation:
        """The write's target now: by native id where there is one, else by business key.

        Raises:
            Transient, Permanent: it could not be read; nothing is known of it.
        """
        ...

    def apply(self, write: Write, seen: Observation, idempotency_key: str) -> Receipt:
        """Write once, and only if the target is still as observed.

        Never tries again by itself.

        Raises:
            Permanent: the system refused; nothing was written. Reason `CONFLICT` where the target
                is no longer as observed.
            Transient: nothing was written if the reason is in `UNSENT`; otherwise the outcome is
                unknown.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Writable(Protocol):
    """A probe whose system can be written to."""

    def writer(self) -> Writer | None:
        """The writer beside this probe, within the same budget and under credentials of its own.

        None where the landscape declares nothing to write. Always the same one.
        """
        ...
