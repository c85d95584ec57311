"""The global kill switch: stops every correction at once, and lets them go on."""

from monitor.core.clock import Clock
from monitor.core.corrections import Halt
from monitor.store.audit import append_audit
from monitor.store.database import Database
from monitor.store.halts import forget_halt, load_halt, save_halt


def halt(database: Database, who: str, why: str, clock: Clock) -> Halt:
    """Stop all corrections; what is in flight is still looked after, nothing new is written.

    Returns:
        The halt in force: an earlier one stands.

    Raises:
        Transient, Permanent: the store failed; nothing was stopped.
    """
    with database.write() as connection:
        standing = load_halt(connection)
        if standing is not None:
            return standing
        made = Halt(who, why, clock())
        save_halt(connection, made)
        append_audit(
            connection, at=made.at, who=who, action="halt", subject="corrections",
            detail={"why": why},
        )  # fmt: skip
    return made


def resume(database: Database, who: str, why: str, clock: Clock) -> Halt | None:
    """Let corrections go on.

    Returns:
        The halt that was in force; None where there was none.

    Raises:
        Transient, Permanent: the store failed; the halt stands.
    """
    with database.write() as connection:
        standing = load_halt(connection)
        if standing is not None:
            forget_halt(connection)
            append_audit(
                connection, at=clock(), who=who, action="resume", subject="corrections",
                detail={"why": why},
            )  # fmt: skip
    return standing
