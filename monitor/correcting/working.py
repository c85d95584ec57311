"""One turn of the work on corrections: settle what is open, apply what is approved, plan anew."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from monitor.core.breaks import Break, BreakState
from monitor.core.clock import Clock
from monitor.core.corrections import CorrectionState, PlanState
from monitor.core.errors import TieoutError
from monitor.core.lifecycle import end_correcting
from monitor.correcting.applying import apply_plan, end_plan
from monitor.correcting.approving import expire_overdue
from monitor.correcting.automatic import plan_by_itself
from monitor.correcting.settling import settle_unknown
from monitor.correcting.task import WATCH, Task
from monitor.estate import Estate
from monitor.store import breaks
from monitor.store.corrections import corrections_of_break
from monitor.store.database import Database
from monitor.store.halts import load_halt
from monitor.store.plans import list_plans
from monitor.store.repairs import note_counted, uncounted_repairs
from monitor.store.turns import pass_turn

log = structlog.get_logger(__name__)

RECENT = timedelta(days=1)
"""What was verified longer ago and nobody has counted is history."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did.

    Attributes:
        done: each correction that was looked at, and where it is now.
        repairs: by flow, how long repairs took since their breaks opened that were verified since
            the last turn, commands that people ran included.
    """

    done: Sequence[tuple[Task, CorrectionState]]
    repairs: Sequence[tuple[str, timedelta]] = field(default_factory=tuple)


def take_turn(estate: Estate, database: Database, clock: Clock) -> Turn:
    """Do everything that is to be done about corrections now.

    Raises:
        Transient, Permanent: the store failed; the next turn goes on from there.
    """
    done = look_after(estate, database, clock)
    done += _apply_all(estate, database, clock, {PlanState.APPLYING})
    with database.read() as connection:
        is_halted = load_halt(connection) is not None
    if not is_halted:
        _plan_all(estate, database, clock)
        done += _apply_all(estate, database, clock, {PlanState.APPROVED})
    return Turn(done, _count_repairs(database, clock()))


def look_after(
    estate: Estate, database: Database, clock: Clock
) -> list[tuple[Task, CorrectionState]]:
    """Find out what became of what was written, and end what waited too long; writes nothing.

    Raises:
        Transient, Permanent: the store failed.
    """
    done = list(settle_unknown(estate, database, clock))
    for plan_hash in sorted({task.plan.hash for task, _ in done}):
        end_plan(plan_hash, database, clock)
    return_unresolved(database, clock)
    expire_overdue(database, clock)
    return done


def return_unresolved(database: Database, clock: Clock) -> Sequence[Break]:
    """Open breaks again that were corrected as planned, and that their rules still find.

    Returns:
        Those breaks.

    Raises:
        Transient, Permanent: the store failed; no break was opened.
    """
    with database.read() as connection:
        waiting = breaks.list_breaks(connection, states={BreakState.CORRECTING}, limit=None)
    returned = []
    for each in waiting:
        with database.write() as connection:
            standing = breaks.find_break(connection, each.fingerprint)
            ended = [entry.ended_at for entry in corrections_of_break(connection, each.fingerprint)]
            if standing is None or None in ended:
                continue
            if any(at is not None and at >= standing.seen_at for at in ended):
                continue
            why = "It was corrected as planned, and its rule still finds it."
            step = end_correcting(standing, why, clock())
            if step is not None:
                pass_turn(connection, standing.finding.flow)
                breaks.apply_transitions(connection, [step], WATCH)
                returned.append(step.after)
    return returned


def _apply_all(
    estate: Estate, database: Database, clock: Clock, states: set[PlanState]
) -> list[tuple[Task, CorrectionState]]:
    """Every plan in these states, the oldest first; one that cannot be applied stops no other."""
    with database.read() as connection:
        plans = list_plans(connection, states=states)
    done: list[tuple[Task, CorrectionState]] = []
    for each in reversed(plans):
        try:
            done += apply_plan(estate, database, each.hash, clock).done
        except TieoutError as error:
            log.error("plan cannot be applied", reason=error.reason, error=str(error))
    return done


def _plan_all(estate: Estate, database: Database, clock: Clock) -> None:
    for flow in estate.flows:
        try:
            plan_by_itself(flow, estate, database, clock)
        except TieoutError as error:
            log.error("planning failed", flow=flow.name, reason=error.reason, error=str(error))


def _count_repairs(database: Database, now: datetime) -> list[tuple[str, timedelta]]:
    """Repairs that were verified since the last turn, by whichever process; each counts once."""
    since = now - RECENT
    with database.read() as connection:
        if not uncounted_repairs(connection, since):
            return []
    with database.write() as connection:
        repairs = uncounted_repairs(connection, since)
        note_counted(connection, repairs, since)
    return [(each.flow, each.took) for each in repairs]
