"""Verify: what a target took is read back through the probe; the rule judges the break by it."""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from monitor.core.clock import Clock
from monitor.core.corrections import CorrectionState
from monitor.core.errors import TieoutError
from monitor.core.writing import Operation, Write
from monitor.correcting.failpoints import Failpoint, reach
from monitor.correcting.judging import Outcome, after_reading, next_look
from monitor.correcting.looking import read_back, see_effect
from monitor.correcting.noting import note
from monitor.correcting.task import Task, load_task
from monitor.correcting.telling import tell_person
from monitor.estate import Estate
from monitor.store.corrections import look_later
from monitor.store.database import Database
from monitor.store.turns import pass_turn

log = structlog.get_logger(__name__)

_NO_PATIENCE = timedelta(0)
_LATE_EFFECTS = frozenset({Operation.REPLAY, Operation.TRIGGER})


def verify(task: Task, estate: Estate, database: Database, clock: Clock) -> CorrectionState:
    """Read back what was written; a source that cannot be read now is read again later.

    Returns:
        Where the correction is now.

    Raises:
        Transient, Permanent: the store failed.
    """
    write = task.correction.write
    if write is None:
        return task.entry.state
    reach(Failpoint.BEFORE_READ_BACK)
    outcome, why = _read(task, write, estate, database, clock)
    reach(Failpoint.AFTER_READ_BACK)
    if outcome is None:
        return _look_later(task, estate, database, why, clock())
    with database.write() as connection:
        now = clock()
        taken = note(
            connection, task, estate, {CorrectionState.APPLIED}, outcome, now,
        )  # fmt: skip
        if taken and outcome.state is CorrectionState.DIFFERENT:
            tell_person(connection, task, estate, outcome.why, now)
        # A cycle that is at work may have read the record as it was.
        pass_turn(connection, task.plan.flow)
        reach(Failpoint.WITHIN_VERIFICATION)
    reach(Failpoint.AFTER_VERIFICATION)
    return outcome.state


def note_found(
    task: Task,
    before: Collection[CorrectionState],
    outcome: Outcome,
    points: tuple[Failpoint, Failpoint],
    estate: Estate,
    database: Database,
    clock: Clock,
) -> CorrectionState:
    """Note that a write was found done when its target was looked at, and read it back.

    Args:
        task: the correction.
        before: where it has to be, or somebody else took the step.
        outcome: that it was applied, and why that is known.
        points: reached within the transaction that notes it, and after it.
        estate: the landscape.
        database: the store.
        clock: the present.

    Returns:
        Where the correction is now.

    Raises:
        Transient, Permanent: the store failed.
    """
    within, after = points
    with database.write() as connection:
        now = clock()
        found = {"applied_at": now, "look_at": now}
        note(connection, task, estate, before, outcome, now, counts=False, changes=found)
        reach(within)
    reach(after)
    return verify_anew(task, estate, database, clock)


def verify_anew(task: Task, estate: Estate, database: Database, clock: Clock) -> CorrectionState:
    """The same of what was found done just now, if it still stands so.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        found = load_task(connection, estate, task.entry.id, task.who) or task
    if found.entry.state is not CorrectionState.APPLIED:
        return found.entry.state
    return verify(found, estate, database, clock)


def _read(
    task: Task, write: Write, estate: Estate, database: Database, clock: Clock
) -> tuple[Outcome | None, str]:
    try:
        has_effect = see_effect(task, estate, database, clock)
        record = None
        if write.operation is not Operation.TRIGGER:
            record = read_back(task, write, estate, database, clock)
    except TieoutError as error:
        log.warning("read-back failed", system=write.stream.system, reason=error.reason)
        return None, f"It could not be read back yet: {error}"
    is_patient = clock() < _since(task) + _patience(write, estate)
    outcome = after_reading(write, record, has_effect=has_effect, is_patient=is_patient)
    return outcome, "It does not show yet."


def _look_later(
    task: Task, estate: Estate, database: Database, why: str, now: datetime
) -> CorrectionState:
    at = next_look(_since(task), estate.corrections.patience, now)
    with database.write() as connection:
        look_later(connection, task.entry.id, CorrectionState.APPLIED, at, why)
    return CorrectionState.APPLIED


def _patience(write: Write, estate: Estate) -> timedelta:
    """How long the source may take to show it."""
    source = estate.sources.get(write.stream)
    is_late = source is not None and source.settings.consistency == "eventual"
    if is_late or write.operation in _LATE_EFFECTS:
        return estate.corrections.patience
    return _NO_PATIENCE


def _since(task: Task) -> datetime:
    return task.entry.applied_at or task.intended_at
