"""Settle: what a crash or a time-out left open is looked for at its target, never done again."""

from collections.abc import Sequence

import structlog

from monitor.core.clock import Clock
from monitor.core.corrections import CorrectionState
from monitor.core.errors import Permanent, TieoutError
from monitor.core.writing import Write
from monitor.correcting.failpoints import Failpoint, reach
from monitor.correcting.giving_up import give_up, look_for_late_arrival
from monitor.correcting.judging import Outcome, next_look, while_unknown
from monitor.correcting.looking import observe_target
from monitor.correcting.noting import OPEN_OUTCOMES, note
from monitor.correcting.task import WATCH, Task, load_task
from monitor.correcting.telling import tell_person
from monitor.correcting.verifying import note_found, verify
from monitor.estate import Estate
from monitor.store.corrections import CorrectionEntry, due_corrections, look_later
from monitor.store.database import Database

log = structlog.get_logger(__name__)


def settle_unknown(
    estate: Estate, database: Database, clock: Clock, who: str = WATCH
) -> Sequence[tuple[Task, CorrectionState]]:
    """Look at every target whose write is not known to have come to an end and is due.

    Returns:
        Each correction that was looked at, and where it is now.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        due = due_corrections(connection, clock())
    settled = []
    for entry in due:
        try:
            with database.read() as connection:
                task = load_task(connection, estate, entry.id, who)
        except Permanent as error:
            log.error("correction cannot be settled", reason=error.reason, error=str(error))
            _put_off(entry, str(error), estate, database, clock)
            continue
        if task is not None:
            settled.append((task, settle_one(task, estate, database, clock)))
    return settled


def settle_one(task: Task, estate: Estate, database: Database, clock: Clock) -> CorrectionState:
    """Look at the target of one write.

    Raises:
        Transient, Permanent: the store failed.
    """
    reach(Failpoint.BEFORE_SETTLING)
    match task.entry.state:
        case CorrectionState.APPLIED:
            return verify(task, estate, database, clock)
        case CorrectionState.INTENDED | CorrectionState.UNKNOWN:
            return _look_for(task, estate, database, clock)
        case CorrectionState.FAILED | CorrectionState.DIFFERENT if task.entry.look_at is not None:
            return look_for_late_arrival(task, estate, database, clock)
    return task.entry.state


def _look_for(task: Task, estate: Estate, database: Database, clock: Clock) -> CorrectionState:
    write = task.correction.write
    if task.entry.state is CorrectionState.INTENDED:
        task = _admit_unknown(task, estate, database, clock)
    if write is None or task.entry.state is not CorrectionState.UNKNOWN:
        return task.entry.state
    try:
        outcome = _look(task, write, estate, database, clock)
    except TieoutError as error:
        log.warning("look for a write failed", system=write.stream.system, reason=error.reason)
        return _still_unknown(
            task, f"The target cannot be looked at: {error}", estate, database, clock
        )
    if outcome is None:
        return _still_unknown(task, "It is not there yet.", estate, database, clock)
    if outcome.state is not CorrectionState.APPLIED:
        return give_up(task, outcome, estate, database, clock)
    points = (Failpoint.WITHIN_SETTLING, Failpoint.AFTER_SETTLING)
    return note_found(task, OPEN_OUTCOMES, outcome, points, estate, database, clock)


def _look(
    task: Task, write: Write, estate: Estate, database: Database, clock: Clock
) -> Outcome | None:
    # Asked before the look: what happens while it lasts may happen after it.
    is_patient = clock() < task.intended_at + estate.corrections.patience
    has_effect, record = observe_target(task, write, estate, database, clock)
    return while_unknown(write, record, has_effect=has_effect, is_patient=is_patient)


def _admit_unknown(task: Task, estate: Estate, database: Database, clock: Clock) -> Task:
    """An intent whose outcome nobody noted: whoever made the call is gone."""
    outcome = Outcome(CorrectionState.UNKNOWN, "tieout ended between the intent and its outcome.")
    with database.write() as connection:
        note(connection, task, estate, {CorrectionState.INTENDED}, outcome, clock(), counts=False)
        return load_task(connection, estate, task.entry.id, task.who) or task


def _still_unknown(
    task: Task, why: str, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    """Look again later; when the patience is over, a person hears of it, once."""
    _put_off(task.entry, why, estate, database, clock)
    with database.write() as connection:
        now = clock()
        if now >= task.intended_at + estate.corrections.patience:
            tell_person(connection, task, estate, f"Its outcome is not known. {why}", now)
    return CorrectionState.UNKNOWN


def _put_off(
    entry: CorrectionEntry, why: str, estate: Estate, database: Database, clock: Clock
) -> None:
    with database.write() as connection:
        now = clock()
        at = next_look(entry.intended_at or now, estate.corrections.patience, now)
        look_later(connection, entry.id, entry.state, at, why)
