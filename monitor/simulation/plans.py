"""What a fault does: the rows it writes and removes, and the one break that must follow."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from monitor.core.breaks import BreakKind
from monitor.simulation.ledger import Symptom
from monitor.simulation.rows import Row
from monitor.simulation.world import R, World


@dataclass(frozen=True, slots=True)
class Plan:
    """What planting a fault writes and removes, and the break that must follow."""

    symptom: Symptom
    write: tuple[Row, ...] = ()
    remove: tuple[Row, ...] = ()


Planner = Callable[[World, str, Random], Plan | None]
"""Plans a fault in the deal with this key."""


def only(rows: Iterable[R]) -> R | None:
    """The row, where there is exactly one."""
    found = list(rows)
    return found[0] if len(found) == 1 else None


def symptom(kind: BreakKind, row: Row, field: str = "") -> Symptom:
    """The break at a row that is there and wrong."""
    return Symptom(kind, row.stream.system, row.stream.stream, row.entity, field, row.id)


def absence(kind: type[Row], pair: str = "") -> Symptom:
    """The break of a row that should be there; `pair` is its key where single rows are paired."""
    return Symptom(
        BreakKind.MISSING, kind.stream.system, kind.stream.stream, kind.entity, record_id=pair
    )


def lateness(row: Row) -> Symptom:
    """The break of a hand-off that took too long; it accuses the hand-off, not the row."""
    return Symptom(BreakKind.LATE, row.stream.system, row.stream.stream, row.entity)
