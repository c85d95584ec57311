"""Systems in memory that can be written to, and what their writers note and may do wrong.

What a writer does is done to the very rows that the probe reads, and noted in a ledger of effects.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.model import KeyUse, Record, Value
from monitor.core.writing import Abilities, Observation, Operation, Receipt, Write
from tests.cycle.small_firm import MemorySystem

Effect = tuple[str, str, str]
"""Operation, stream and native id."""


@dataclass
class MemoryWriter:
    """Writes to the rows of one system; `failures` are raised one a call, before or after it.

    While it `holds`, what is sent is not heard of and stays on its way until it `arrives`.
    """

    system: "WritableSystem"
    effects: list[Effect] = field(default_factory=list)
    failures: list[TieoutError | None] = field(default_factory=list)
    lost_answers: list[TieoutError | None] = field(default_factory=list)
    keys_seen: dict[str, Receipt] = field(default_factory=dict)
    holds: bool = False
    under_way: dict[str, tuple[Write, Observation]] = field(default_factory=dict)
    sent: dict[str, tuple[datetime, Write]] = field(default_factory=dict)

    def abilities(self, stream: str) -> Abilities:
        return self.system.writable if stream == self.system.stream.stream else Abilities()

    def observe(self, write: Write) -> Observation:
        found = self._find(write)
        return Observation(found, found.version if found else "", self.system.clock())

    def apply(self, write: Write, seen: Observation, idempotency_key: str) -> Receipt:
        _raise_next(self.failures)
        self.sent.setdefault(idempotency_key, (self.system.clock(), write))
        if self.holds:
            self.holds = False
            self.under_way.setdefault(idempotency_key, (write, seen))
            raise Transient("no answer came", reason=Reason.UNREACHABLE)
        if idempotency_key not in self.keys_seen:
            self.keys_seen[idempotency_key] = self._do(write, seen)
        _raise_next(self.lost_answers)
        return self.keys_seen[idempotency_key]

    def arrive(self) -> None:
        """What is on its way arrives; what the target holds otherwise by now, it refuses."""
        for key, (write, seen) in self.under_way.items():
            with suppress(Permanent):
                self.keys_seen.setdefault(key, self._do(write, seen))
        self.under_way = {}

    def close(self) -> None:
        self.failures = []

    def _find(self, write: Write) -> Record | None:
        if write.native_id:
            return self.system.rows.get(write.native_id)
        wanted = {(use.kind, use.value) for use in write.keys}
        return next(
            (
                row
                for row in self.system.rows.values()
                if wanted & {(use.kind, use.value) for use in row.keys}
            ),
            None,
        )

    def _do(self, write: Write, seen: Observation) -> Receipt:
        now = self._find(write)
        if (now.version if now else "") != seen.token:
            raise Permanent("somebody changed it", reason=Reason.CONFLICT)
        native_id = write.native_id or f"made-{len(self.effects) + 1}"
        match write.operation:
            case Operation.CREATE:
                self.system.write_row(native_id, write.keys, dict(write.after))
            case Operation.UPDATE if now is not None:
                self.system.write_row(native_id, now.keys, {**now.fields, **write.after})
            case Operation.DELETE:
                del self.system.rows[native_id]
            case Operation.REPLAY if now is not None:
                del self.system.rows[native_id]
                self.system.deliver(now)
            case _:
                raise Permanent("no such operation", reason=Reason.UNSUPPORTED)
        self.effects.append((write.operation.value, str(write.stream), native_id))
        return Receipt(native_id, f"act-{len(self.effects)}", "done")


def _raise_next(failures: list[TieoutError | None]) -> None:
    failure = failures.pop(0) if failures else None
    if failure is not None:
        raise failure


@dataclass
class WritableSystem(MemorySystem):
    """A system in memory with a writer beside its probe."""

    writable: Abilities = field(default_factory=Abilities)
    deliver: Callable[[Record], None] = lambda _: None
    skew: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.pen = MemoryWriter(self)

    def writer(self) -> MemoryWriter | None:
        return self.pen if self.writable.operations else None

    def source_time(self) -> datetime:
        return super().source_time() + self.skew

    def write_row(
        self, native_id: str, keys: tuple[KeyUse, ...], fields: Mapping[str, Value]
    ) -> None:
        """Write a row as it shall be, stamped now."""
        known: dict[str, Value] = dict.fromkeys(ENTITIES[self.stream.stream])
        self.rows[native_id] = Record(
            stream=self.stream,
            entity=self.stream.stream,
            native_id=native_id,
            fields={**known, "created_at": self.clock(), **fields},
            keys=keys,
            modified_at=self.clock(),
        )

    def edit(self, native_id: str, **fields: Value) -> None:
        """What somebody else does in the meantime."""
        row = self.rows[native_id]
        self.write_row(native_id, row.keys, {**row.fields, **fields})
