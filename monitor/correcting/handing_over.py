"""Hand over: what no write can repair, a person is told, with everything needed to do it."""

from monitor.core.clock import Clock
from monitor.core.corrections import CorrectionState
from monitor.correcting.failpoints import Failpoint, reach
from monitor.correcting.judging import Outcome
from monitor.correcting.noting import note
from monitor.correcting.task import Task
from monitor.correcting.telling import tell_person
from monitor.estate import Estate
from monitor.store.database import Database


def hand_over(task: Task, estate: Estate, database: Database, clock: Clock) -> CorrectionState:
    """Tell a person, once; the break stays open until its rule finds it no more.

    Raises:
        Transient, Permanent: the store failed; nobody was told.
    """
    done = Outcome(CorrectionState.HANDED_OVER, "A person was told.")
    with database.write() as connection:
        now = clock()
        if note(connection, task, estate, {CorrectionState.PLANNED}, done, now):
            tell_person(connection, task, estate, task.correction.why, now)
        reach(Failpoint.WITHIN_HAND_OVER)
    reach(Failpoint.AFTER_HAND_OVER)
    return CorrectionState.HANDED_OVER
