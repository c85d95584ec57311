"""Keep: a draft becomes a plan that people can approve, or is refused for the record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from monitor.core.clock import Clock
from monitor.core.corrections import Mode, Plan, PlanState, Refusal, target_of
from monitor.core.errors import Permanent, Reason
from monitor.correcting.guards import PASSING
from monitor.correcting.planning import Draft
from monitor.store.audit import append_audit
from monitor.store.database import Connection, Database
from monitor.store.holdings import spoken_for
from monitor.store.plans import hold_plans, keep_plan, was_refused
from monitor.store.refusals import replace_refusals


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a draft.

    Attributes:
        plan: as drafted.
        state: in which it was kept; None where nothing was kept: it holds nothing, must wait for
            its hour, or was refused before as it is now.
        refusals: everything that spoke against it, or kept a break out of it.
    """

    plan: Plan
    state: PlanState | None
    refusals: tuple[Refusal, ...]


def keep_draft(draft: Draft, database: Database, clock: Clock) -> Kept:
    """Keep a draft, and with each break why nothing is done about it.

    Raises:
        Permanent: another plan took one of its breaks or records meanwhile.
        Transient, Permanent: the store failed; nothing was kept.
    """
    plan = draft.plan
    with database.write() as connection:
        hold_plans(connection, plan.flow)
        _refuse_taken(connection, plan, clock())
        state = _state(draft)
        told = [*draft.left_out, *_on_each_break(draft, state)]
        replace_refusals(connection, draft.considered, told, clock())
        if state is PlanState.REFUSED and was_refused(connection, plan):
            state = None
        if state is not None:
            why = "; ".join(each.why for each in draft.refusals if state is PlanState.REFUSED)
            keep_plan(connection, plan, state, why)
            _audit(connection, draft, state, clock)
    return Kept(plan, state, (*draft.refusals, *draft.left_out))


def _state(draft: Draft) -> PlanState | None:
    """What passes by itself keeps no person from proposing; what goes by itself just waits."""
    if not draft.plan.corrections:
        return None
    if any(each.guard not in PASSING for each in draft.refusals):
        return PlanState.REFUSED
    if draft.refusals and draft.plan.mode is Mode.AUTO:
        return None
    return PlanState.PROPOSED


def _refuse_taken(connection: Connection, plan: Plan, now: datetime) -> None:
    fingerprints = {each.fingerprint for each in plan.corrections}
    targets = {target_of(each.write) for each in plan.corrections if each.write is not None}
    taken = spoken_for(connection, fingerprints, targets, now)
    if taken:
        raise Permanent(
            f"plan {taken[0][2][:12]} took some of it meanwhile: plan again", reason=Reason.REFUSED
        )


def _on_each_break(draft: Draft, state: PlanState | None) -> Iterator[Refusal]:
    """What speaks against the whole plan, said of each break of it."""
    if state is not PlanState.PROPOSED:
        for each in draft.plan.corrections:
            for refusal in draft.refusals:
                yield Refusal(refusal.guard, refusal.why, each.fingerprint)


def _audit(connection: Connection, draft: Draft, state: PlanState, clock: Clock) -> None:
    plan = draft.plan
    append_audit(
        connection,
        at=clock(),
        who=plan.requester,
        action="propose" if state is PlanState.PROPOSED else "plan_refused",
        subject=f"plan {plan.hash}",
        detail={
            "flow": plan.flow,
            "mode": plan.mode.value,
            "policies": plan.policies,
            "breaks": [each.break_id for each in plan.corrections],
            "money": None if draft.money is None else format(draft.money, "f"),
            "refusals": [f"{each.guard.value}: {each.why}" for each in draft.refusals],
        },
    )
