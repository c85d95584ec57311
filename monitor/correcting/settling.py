"""Settle: what a crash or a time-out left open is looked for at its target, never done again."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from monitor.core.clock import Clock
from monitor.core.corrections import CorrectionState
from monitor.core.errors import Permanent, Reason, TieoutError
from monitor.core.writing import Write
from monitor.correcting.failpoints import Failpoint, reach
from monitor.correcting.judging import Outcome, next_look, while_unknown
from monitor.correcting.looking import see_effect
from monitor.correcting.noting import note
from monitor.correcting.task import WATCH, Task, load_task
from monitor.correcting.telling import tell_person
from monitor.correcting.verifying import verify
from monitor.estate import Estate
from monitor.store.corrections import due_corrections, look_later
from monitor.store.database import Database

log = structlog.get_logger(__name__)

_OPEN = frozenset({CorrectionState.INTENDED, CorrectionState.UNKNOWN})


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
            _put_off(entry.id, entry.state, entry.intended_at, str(error), estate, database, clock)
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
    with database.write() as connection:
        now = clock()
        is_done = outcome.state is CorrectionState.APPLIED
        changes = {"applied_at": now, "look_at": now} if is_done else {}
        taken = note(connection, task, estate, _OPEN, outcome, now, counts=False, changes=changes)
        if taken and not is_done:
            tell_person(connection, task, estate, outcome.why, now)
        reach(Failpoint.WITHIN_SETTLING)
    reach(Failpoint.AFTER_SETTLING)
    if not is_done:
        return outcome.state
    return _verify_anew(task, estate, database, clock)


def _look(
    task: Task, write: Write, estate: Estate, database: Database, clock: Clock
) -> Outcome | None:
    writer = estate.writer(write.stream.system)
    if writer is None:
        raise Permanent("nothing writes to this system any more", reason=Reason.CONFIGURATION)
    has_effect = see_effect(task, estate, database, clock)
    # Asked before the look: what happens while it lasts may happen after it.
    is_patient = clock() < _intended_at(task) + estate.corrections.patience
    seen = writer.observe(write)
    return while_unknown(write, seen.record, has_effect=has_effect, is_patient=is_patient)


def _admit_unknown(task: Task, estate: Estate, database: Database, clock: Clock) -> Task:
    """An intent whose outcome nobody noted: whoever made the call is gone."""
    outcome = Outcome(CorrectionState.UNKNOWN, "tieout ended between the intent and its outcome.")
    with database.write() as connection:
        note(connection, task, estate, {CorrectionState.INTENDED}, outcome, clock(), counts=False)
        return load_task(connection, estate, task.entry.id, task.who) or task


def _verify_anew(task: Task, estate: Estate, database: Database, clock: Clock) -> CorrectionState:
    with database.read() as connection:
        found = load_task(connection, estate, task.entry.id, task.who)
    if found is None or found.entry.state is not CorrectionState.APPLIED:
        return task.entry.state if found is None else found.entry.state
    return verify(found, estate, database, clock)


def _still_unknown(
    task: Task, why: str, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    """Look again later; when the patience is over, a person hears of it, once."""
    _put_off(
        task.entry.id, CorrectionState.UNKNOWN, _intended_at(task), why, estate, database, clock
    )
    with database.write() as connection:
        now = clock()
        if now >= _intended_at(task) + estate.corrections.patience:
            tell_person(connection, task, estate, f"Its outcome is not known. {why}", now)
    return CorrectionState.UNKNOWN


def _put_off(
    number: int,
    state: CorrectionState,
    intended_at: datetime | None,
    why: str,
    estate: Estate,
    database: Database,
    clock: Clock,
) -> None:
    with database.write() as connection:
        now = clock()
        at = next_look(intended_at or now, estate.corrections.patience, now)
        look_later(connection, number, state, at, why)


def _intended_at(task: Task) -> datetime:
    return task.entry.intended_at or task.plan.made_at
