"""Apply: an approved plan is judged whole and claimed, then carried out one by one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.core.clock import Clock
from monitor.core.corrections import CorrectionState, Guard, PlanState, Refusal
from monitor.core.errors import Permanent, Reason
from monitor.correcting.executing import execute
from monitor.correcting.failpoints import Failpoint, reach
from monitor.correcting.guards import PASSING, Moment
from monitor.correcting.guards.extent import daily
from monitor.correcting.rechecking import Check, recheck
from monitor.correcting.survey import spent_lately
from monitor.correcting.task import WATCH, Task, tasks_of
from monitor.estate import Estate
from monitor.store.audit import append_audit
from monitor.store.corrections import LIVE, corrections_of
from monitor.store.database import Database
from monitor.store.outlays import hold_outlays
from monitor.store.plans import KeptPlan, load_plan, move_plan
from monitor.store.refusals import replace_refusals

WAITING = PASSING | {Guard.KILL_SWITCH, Guard.BREAKER_OPEN, Guard.DAILY}
"""Refusals after which an approved plan may wait, until it expires."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a plan came to.

    Attributes:
        plan: its hash.
        refusals: why nothing was done; empty where something was.
        done: each correction, and where it is now.
    """

    plan: str
    refusals: tuple[Refusal, ...]
    done: Sequence[tuple[Task, CorrectionState]] = ()


def apply_plan(
    estate: Estate, database: Database, plan_hash: str, clock: Clock, who: str = WATCH
) -> Applied:
    """Carry out an approved plan, or go on with one that a crash interrupted.

    Args:
        estate: the landscape.
        database: the store.
        plan_hash: of the plan.
        clock: the present.
        who: in whose name.

    Returns:
        What became of each correction; why it was refused, where it was.

    Raises:
        Permanent: there is no such plan, it is not approved, or the store failed.
        Transient: the store failed.
    """
    kept = _load(estate, database, plan_hash)
    if kept.state is PlanState.APPROVED:
        check = recheck(kept.plan, estate, database, clock, Moment.APPLICATION)
        refusals = check.refusals or _claim(kept, check, estate, database, clock, who)
        if refusals:
            _refuse(kept, refusals, database, clock, who)
            return Applied(plan_hash, refusals)
        reach(Failpoint.PLAN_CLAIMED)
    elif kept.state is not PlanState.APPLYING:
        raise Permanent(f"the plan is {kept.state.value}, not approved", reason=Reason.REFUSED)
    with database.read() as connection:
        tasks = tasks_of(connection, estate, kept.plan, who)
    done = [(each, execute(each, estate, database, clock)) for each in _planned(tasks)]
    end_plan(plan_hash, database, clock)
    return Applied(plan_hash, (), done)


def why_refused(
    kept: KeptPlan, estate: Estate, database: Database, clock: Clock
) -> tuple[Refusal, ...]:
    """All that speaks against applying a plan now, from a fresh look at what it rests on.

    Raises:
        Transient, Permanent: the store failed.
    """
    return recheck(kept.plan, estate, database, clock, Moment.APPLICATION).refusals


def end_plan(plan_hash: str, database: Database, clock: Clock) -> bool:
    """A plan of which nothing is left to do is done; returns whether this one is, from now on."""
    reach(Failpoint.BEFORE_PLAN_END)
    with database.write() as connection:
        states = [each.state for each in corrections_of(connection, plan_hash)]
        if any(state in LIVE for state in states):
            return False
        now, why = clock(), tell_states(states)
        ended = move_plan(connection, plan_hash, PlanState.APPLYING, PlanState.DONE, why, now)
        if ended:
            append_audit(
                connection, at=now, who=WATCH, action="plan done",
                subject=f"plan {plan_hash}", detail={"why": why},
            )  # fmt: skip
    reach(Failpoint.AFTER_PLAN_END)
    return ended


def tell_states(states: Sequence[CorrectionState]) -> str:
    """How many corrections came to which end: `2 verified, 1 failed`."""
    counts: Mapping[CorrectionState, int] = {
        state: states.count(state) for state in CorrectionState if state in states
    }
    return ", ".join(f"{count} {state.value.replace('_', ' ')}" for state, count in counts.items())


def _load(estate: Estate, database: Database, plan_hash: str) -> KeptPlan:
    with database.read() as connection:
        kept = load_plan(connection, plan_hash, estate.fields)
    if kept is None:
        raise Permanent("there is no such plan", reason=Reason.NOT_FOUND)
    return kept


def _claim(
    kept: KeptPlan, check: Check, estate: Estate, database: Database, clock: Clock, who: str
) -> tuple[Refusal, ...]:
    """One process alone begins with a plan; why not, where others have used up the day since."""
    with database.write() as connection:
        hold_outlays(connection)
        now, name = clock(), kept.plan.hash
        if check.situation is not None:
            spent = spent_lately(connection, kept.plan, estate, now)
            refusals = tuple(daily(kept.plan, replace(check.situation, spent=spent)))
            if refusals:
                return refusals
        if not move_plan(connection, name, PlanState.APPROVED, PlanState.APPLYING, "", now):
            raise Permanent("somebody else has begun with the plan", reason=Reason.CONFLICT)
        append_audit(
            connection, at=now, who=who, action="apply plan", subject=f"plan {name}",
            detail={"approved_by": [each.who for each in kept.approvals if each.is_approved]},
        )  # fmt: skip
    return ()


def _refuse(
    kept: KeptPlan, refusals: Sequence[Refusal], database: Database, clock: Clock, who: str
) -> None:
    """Say with the plan and its breaks why not; what may pass leaves the plan approved."""
    why = "; ".join(each.why for each in refusals)
    fingerprints = [each.fingerprint for each in kept.plan.corrections]
    told = [
        Refusal(each.guard, each.why, fingerprint)
        for each in refusals
        for fingerprint in ([each.fingerprint] if each.fingerprint else fingerprints)
    ]
    with database.write() as connection:
        now = clock()
        replace_refusals(connection, fingerprints, told, now)
        guards = {each.guard for each in refusals}
        if guards <= WAITING:
            return
        name, after = kept.plan.hash, _end_by(guards)
        if move_plan(connection, name, PlanState.APPROVED, after, why, now):
            append_audit(
                connection, at=now, who=who, action="refuse plan", subject=f"plan {name}",
                detail={"why": why, "guards": sorted(guards)},
            )  # fmt: skip


def _end_by(guards: Collection[Guard]) -> PlanState:
    if guards == {Guard.EXPIRED}:
        return PlanState.EXPIRED
    return PlanState.WITHDRAWN if Guard.CHANGED in guards else PlanState.REFUSED


def _planned(tasks: Sequence[Task]) -> Sequence[Task]:
    return [each for each in tasks if each.entry.state is CorrectionState.PLANNED]
