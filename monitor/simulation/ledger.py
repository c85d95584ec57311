"""The exact list of the faults that were planted, and of those that were repaired."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from threading import Lock

from monitor.core.breaks import BreakKind


class FaultKind(StrEnum):
    """What can be made to go wrong in the simulated firm."""

    MISSING_CONTRACT = "missing_contract"
    MISSING_PROJECT = "missing_project"
    MISSING_ERP_PROJECT = "missing_erp_project"
    LATE_HAND_OFF = "late_hand_off"
    AMOUNT_DRIFT = "amount_drift"
    CURRENCY_DRIFT = "currency_drift"
    START_DRIFT = "start_drift"
    STATUS_CONTRADICTION = "status_contradiction"
    DUPLICATE_PROJECT = "duplicate_project"
    ORPHAN_INVOICE = "orphan_invoice"
    ORPHAN_PROJECT = "orphan_project"
    UNPROPAGATED_CHANGE_ORDER = "unpropagated_change_order"
    DEAD_LETTER = "dead_letter"
    STUCK_MESSAGE = "stuck_message"


@dataclass(frozen=True, slots=True)
class Symptom:
    """The one break that a fault must lead to, in the words of `monitor.core.breaks.Finding`.

    Attributes:
        break_kind: class of the discrepancy.
        system: the system that is wrong or lacks the record.
        stream: object type in it.
        entity: the canonical object.
        field: canonical field that differs; empty where the whole record is meant.
        record_id: native id of the record at fault; empty where it is missing or its hand-off is
            late, the pairing key (`change_order:OPP-17-CO1`) where single rows are paired.
    """

    break_kind: BreakKind
    system: str
    stream: str
    entity: str
    field: str = ""
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One planted fault.

    Attributes:
        id: what `repair` is given.
        kind: what was made to go wrong.
        deal: key of the deal, as `Finding.transaction` names it.
        symptom: the break that it must lead to.
        planted_at: stamp of the rows that carry it.
        visible_at: when they can be seen; later than the stamp for a late commit.
        repaired_at: when it was undone; None while it stands.
    """

    id: str
    kind: FaultKind
    deal: str
    symptom: Symptom
    planted_at: datetime
    visible_at: datetime
    repaired_at: datetime | None = None


class Ledger:
    """Every entry in the order of planting. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: dict[str, Entry] = {}

    def enter(
        self,
        kind: FaultKind,
        deal: str,
        symptom: Symptom,
        planted_at: datetime,
        visible_at: datetime,
    ) -> Entry:
        """Write down a fault and give it its id."""
        with self._lock:
            entry_id = f"F-{len(self._entries) + 1:04}"
            entry = Entry(entry_id, kind, deal, symptom, planted_at, visible_at)
            self._entries[entry.id] = entry
            return entry

    def strike(self, entry_id: str, at: datetime) -> Entry:
        """Note that a standing fault was undone.

        Raises:
            KeyError: no fault with this id stands.
        """
        with self._lock:
            entry = self._entries[entry_id]
            if entry.repaired_at is not None:
                raise KeyError(entry_id)
            self._entries[entry_id] = replace(entry, repaired_at=at)
            return self._entries[entry_id]

    def entries(self) -> tuple[Entry, ...]:
        """Everything that was ever planted."""
        with self._lock:
            return tuple(self._entries.values())

    def standing(self) -> tuple[Entry, ...]:
        """What has not been repaired."""
        return tuple(entry for entry in self.entries() if entry.repaired_at is None)
