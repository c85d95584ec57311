"""A system in memory to write to: it keeps a ledger of its effects and misbehaves on demand.

It keeps the word of the `Writer` port exactly, so that what is tested is what asks it. The fake
target of `tests.writing` does the same over HTTP.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import KeyRole, KeyUse, Page, Record
from monitor.core.writing import Abilities, Observation, Operation, Receipt, Safety, Write
from tests.cycle.small_firm import MemorySystem


class Mishap(StrEnum):
    """What goes wrong with a write."""

    LOST = "lost"
    """It happens, and nobody answers."""
    LATE = "late"
    """It happens a minute later; nobody answers."""
    VERY_LATE = "very late"
    """It happens half an hour later, when it has been given up; nobody answers."""
    UNHEARD = "unheard"
    """It does not happen, and nobody answers."""
    BUSY = "busy"
    """It is turned away at the door."""
    REFUSED = "refused"
    """It is refused."""
    REPEATED = "repeated"
    """It is asked for two times, as a proxy may do; the first answer is passed on."""
    REFUSED_AGAIN = "refused again"
    """The same, and the second answer is passed on: the record is no longer as it was."""
    DISTORTED = "distorted"
    """It happens, and something else comes of it."""


_HAPPENS_AFTER = {Mishap.LATE: timedelta(minutes=1), Mishap.VERY_LATE: timedelta(minutes=30)}


@dataclass(frozen=True)
class Effect:
    """One change that happened, under the idempotency key that it was asked with."""

    key: str
    operation: Operation
    native_id: str
    after: dict[str, object]


@dataclass
class LedgeredSystem(MemorySystem):
    """Rows that can be written to."""

    ledger: list[Effect] = field(default_factory=list)
    mishaps: list[Mishap | None] = field(default_factory=list)
    late: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    unwatched: bool = False
    blind_fetches: int = 0
    before_look: Callable[[], None] = lambda: None
    before_apply: Callable[[], None] = lambda: None

    def writer(self) -> "LedgeredSystem":
        return self

    def abilities(self, stream: str) -> Abilities:
        operations = {
            Operation.CREATE: Safety.KEYED,
            Operation.UPDATE: Safety.CONDITIONAL,
            Operation.DELETE: Safety.CONDITIONAL,
            Operation.REPLAY: Safety.CONDITIONAL,
        }
        return Abilities(operations, frozenset(ENTITIES[stream]), frozenset({"deal"}))

    def observe(self, write: Write) -> Observation:
        self._answer()
        self.before_look()
        if self.unwatched:
            raise Transient("no answer", reason=Reason.UNREACHABLE)
        return Observation(self._target(write), "", self.clock())

    def apply(self, write: Write, seen: Observation, idempotency_key: str) -> Receipt:
        self._answer()
        self.before_apply()
        mishap = self.mishaps.pop(0) if self.mishaps else None
        match mishap:
            case Mishap.UNHEARD:
                raise Transient("no answer", reason=Reason.DEADLINE)
            case Mishap.BUSY:
                raise Transient("slow down", reason=Reason.THROTTLED)
            case Mishap.REFUSED:
                raise Permanent("not like this", reason=Reason.REFUSED)
            case Mishap.LATE | Mishap.VERY_LATE:
                due = self.clock() + _HAPPENS_AFTER[mishap]
                self.late.append((due, lambda: self._late(write, seen, idempotency_key)))
                raise Transient("no answer", reason=Reason.DEADLINE)
        native_id = self._carry_out(
            write, seen, idempotency_key, distorted=mishap is Mishap.DISTORTED
        )
        if mishap is Mishap.REPEATED:
            with suppress(Permanent):
                self._carry_out(write, seen, idempotency_key)
        if mishap is Mishap.REFUSED_AGAIN:
            self._carry_out(write, seen, idempotency_key)
        if mishap is Mishap.LOST:
            raise Transient("no answer", reason=Reason.UNREACHABLE)
        return Receipt(native_id, f"act-{len(self.ledger)}", '{"ok": true}')

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        if self.blind_fetches:
            self.blind_fetches -= 1
            raise Transient("no answer", reason=Reason.UNREACHABLE)
        return super().fetch(stream, native_ids)

    def edit(self, native_id: str, **fields: object) -> None:
        """Somebody else changes a row."""
        row = self.rows[native_id]
        changed = {**row.fields, **fields}
        self.rows[native_id] = replace(row, fields=changed, modified_at=self.clock())  # type: ignore[arg-type]  # the test's own values

    def _answer(self) -> None:
        due = [each for each in self.late if each[0] <= self.clock()]
        self.late = [each for each in self.late if each[0] > self.clock()]
        for _, happen in due:
            happen()
        super()._answer()

    def _late(self, write: Write, seen: Observation, key: str) -> None:
        with suppress(Permanent):
            self._carry_out(write, seen, key)

    def _target(self, write: Write) -> Record | None:
        if write.native_id:
            return self.rows.get(write.native_id)
        wanted = {(use.kind, use.value) for use in write.keys}
        found = [
            row
            for row in self.rows.values()
            if wanted <= {(use.kind, use.value) for use in row.keys}
        ]
        return found[0] if found else None

    def _carry_out(
        self, write: Write, seen: Observation, key: str, *, distorted: bool = False
    ) -> str:
        now = self._target(write)
        if (now.version if now else "") != (seen.record.version if seen.record else ""):
            raise Permanent("changed by somebody else", reason=Reason.CONFLICT)
        native_id = write.native_id or f"n-{len(self.ledger) + 1}"
        after = {**write.after, "status": "distorted"} if distorted else dict(write.after)
        if write.operation in (Operation.DELETE, Operation.REPLAY):
            del self.rows[native_id]
        else:
            fields = {
                **(now.fields if now else dict.fromkeys(ENTITIES[self.stream.stream])),
                **after,
            }
            uses = (
                now.keys
                if now
                else tuple(KeyUse(KeyRole.REFERS, use.kind, use.value) for use in write.keys)
            )
            self.rows[native_id] = Record(
                self.stream, self.stream.stream, native_id, fields, uses, self.clock()
            )
        self.ledger.append(Effect(key, write.operation, native_id, dict(after)))
        return native_id
