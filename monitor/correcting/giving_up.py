"""Give up: a write that was looked for in vain may still arrive; its record is held a while longer.

People are told when it is given up. What arrives afterwards is found, and done; as long as it may
arrive, nothing else is written to its record, so that there is never a second effect.
"""

from datetime import datetime

import structlog

from monitor.core.clock import Clock
from monitor.core.corrections import GIVEN_UP, CorrectionState
from monitor.core.errors import TieoutError
from monitor.core.writing import Write
from monitor.correcting.failpoints import Failpoint, reach
from monitor.correcting.judging import RAREST_LOOK, Outcome, after_giving_up, next_look
from monitor.correcting.looking import observe_target
from monitor.correcting.noting import OPEN_OUTCOMES, note
from monitor.correcting.task import Task
from monitor.correcting.telling import tell_person
from monitor.correcting.verifying import note_found
from monitor.estate import Estate
from monitor.store.corrections import look_later, stop_looking
from monitor.store.database import Database

log = structlog.get_logger(__name__)


def give_up(
    task: Task, outcome: Outcome, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    """The patience is over: tell people, and go on looking for it now and then.

    Args:
        task: the correction.
        outcome: what it comes to for the time being, and why.
        estate: the landscape.
        database: the store.
        clock: the present.

    Raises:
        Transient, Permanent: the store failed; nothing was noted and nobody told.
    """
    until = _arrives_until(task, estate)
    with database.write() as connection:
        now = clock()
        watched = {"look_at": _next_look(task, estate, now)} if now < until else {}
        taken = note(
            connection, task, estate, OPEN_OUTCOMES, outcome, now, counts=False, changes=watched,
        )  # fmt: skip
        if taken:
            may_come = f" It may still arrive until {until:%Y-%m-%d %H:%M} UTC." if watched else ""
            tell_person(connection, task, estate, outcome.why + may_come, now)
        reach(Failpoint.WITHIN_SETTLING)
    reach(Failpoint.AFTER_SETTLING)
    return outcome.state


def look_for_late_arrival(
    task: Task, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    """Look for a write that was given up, until it cannot arrive any more.

    Raises:
        Transient, Permanent: the store failed.
    """
    write = task.correction.write
    if write is None:
        return task.entry.state
    try:
        # Asked before the look: what happens while it lasts may happen after it.
        is_over = clock() >= _arrives_until(task, estate)
        outcome = _look(task, write, estate, database, clock)
    except TieoutError as error:
        log.warning("look for a write failed", system=write.stream.system, reason=error.reason)
        is_over, outcome = False, None
    if outcome is not None:
        points = (Failpoint.WITHIN_LATE_ARRIVAL, Failpoint.AFTER_LATE_ARRIVAL)
        return note_found(task, GIVEN_UP, outcome, points, estate, database, clock)
    with database.write() as connection:
        if is_over:
            stop_looking(connection, task.entry.id)
        else:
            at = _next_look(task, estate, clock())
            look_later(connection, task.entry.id, task.entry.state, at, task.entry.reason)
    return task.entry.state


def _look(
    task: Task, write: Write, estate: Estate, database: Database, clock: Clock
) -> Outcome | None:
    has_effect, record = observe_target(task, write, estate, database, clock)
    return after_giving_up(write, record, has_effect=has_effect)


def _arrives_until(task: Task, estate: Estate) -> datetime:
    return task.intended_at + estate.corrections.patience + estate.corrections.late


def _next_look(task: Task, estate: Estate, now: datetime) -> datetime:
    allowed = _arrives_until(task, estate) - task.intended_at
    return next_look(task.intended_at, allowed, now, RAREST_LOOK)
