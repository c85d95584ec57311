"""Approve, reject, withdraw, expire: what people say of a plan, and what comes of it.

Nobody approves what they asked for, nobody twice, and nobody a plan that would not be made so now:
its records are read again at the moment of approval.

Every door answers by the same functions. Each gives an `Answer`: heard, where `refusals` is empty,
and then `lacking` says what is still missing; else refused, for the reasons given. Of several who
speak at the same moment each is heard once, or told by an error of conflict to look again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from monitor.core.approvals import POLICY, is_same_person, unmet
from monitor.core.clock import Clock
from monitor.core.corrections import Guard, Mode, PlanState, Refusal
from monitor.core.errors import Permanent, Reason
from monitor.correcting.guards import PASSING, Moment
from monitor.correcting.rechecking import recheck
from monitor.correcting.situation import money_at_stake
from monitor.estate import Estate
from monitor.store.approvals import add_approval, approvals_of
from monitor.store.audit import append_audit
from monitor.store.database import Connection, Database
from monitor.store.plans import KeptPlan, PlanEntry, find_plan, load_plan, move_plan, overdue_plans

_ENDS = frozenset({Guard.CHANGED, Guard.EXPIRED, Guard.MODE})
"""Refusals after which the plan can never be applied."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of what somebody said.

    Attributes:
        plan: its full hash.
        state: of the plan now.
        refusals: why nothing was noted of it; empty where it was.
        lacking: what the plan still needs, in words.
    """

    plan: str
    state: PlanState
    refusals: tuple[Refusal, ...] = ()
    lacking: tuple[str, ...] = ()


Saying = Callable[[Estate, Database, str, str, str, Clock], Answer]
"""What somebody can say of a plan: by its name, who says it, and why."""


def load_named(estate: Estate, database: Database, prefix: str) -> KeptPlan:
    """The plan whose hash starts so.

    Raises:
        Permanent: there is none, the start is too short or means several, or the plan was altered
            or does not fit the landscape any more.
        Transient: the store failed.
    """
    with database.read() as connection:
        plan_hash = find_plan(connection, prefix)
        kept = None if plan_hash is None else load_plan(connection, plan_hash, estate.fields)
    if kept is None:
        raise Permanent(f"no plan is called '{prefix}'", reason=Reason.REFUSED)
    return kept


def approve(
    estate: Estate, database: Database, prefix: str, who: str, why: str, clock: Clock
) -> Answer:
    """Say yes to a plan; with the last yes that it lacks, it is approved.

    Raises:
        Permanent: as `load_named`; with reason `CONFLICT`, the plan was changed, ended or spoken of
            by the same person meanwhile. Nothing was noted: look at it again.
        Transient: the store failed; nothing was noted.
    """
    kept = load_named(estate, database, prefix)
    refused = _why_not_by(kept, who, estate)
    if not refused:
        check = recheck(kept.plan, estate, database, clock, Moment.APPROVAL)
        refused = tuple(each for each in check.refusals if each.guard not in PASSING)
        if not refused and check.situation is not None:
            at_stake = money_at_stake(kept.plan, check.situation.money)
            return _note_approval(kept, who, why, estate, database, clock, at_stake)
    return _refuse(kept, who, refused, database, clock)


def approve_by_policy(estate: Estate, database: Database, plan_hash: str, clock: Clock) -> Answer:
    """Let a plan go ahead of which every policy says that it may by itself.

    Raises:
        Permanent: as `load_named`; with reason `CONFLICT`, the plan was changed, ended or spoken of
            by the same person meanwhile. Nothing was noted: look at it again.
        Transient: the store failed; nothing was noted.
    """
    kept = load_named(estate, database, plan_hash)
    if kept.plan.mode is not Mode.AUTO:
        why = "only people approve what was proposed to them"
        return Answer(kept.plan.hash, kept.state, (Refusal(Guard.NOT_APPROVED, why),))
    check = recheck(kept.plan, estate, database, clock, Moment.APPROVAL)
    if check.refusals:
        return _refuse(kept, POLICY, check.refusals, database, clock)
    with database.write() as connection:
        now, plan_hash = clock(), kept.plan.hash
        add_approval(connection, plan_hash, POLICY, kept.plan.policies, now, is_approved=True)
        before, after = PlanState.PROPOSED, PlanState.APPROVED
        if not move_plan(connection, plan_hash, before, after, "", now):
            raise _quicker()
        _audit(connection, POLICY, "approve", plan_hash, {"policies": kept.plan.policies}, clock)
    return Answer(plan_hash, PlanState.APPROVED)


def reject(
    estate: Estate, database: Database, prefix: str, who: str, why: str, clock: Clock
) -> Answer:
    """Say no to a plan, which ends it; whoever asked for it withdraws it so.

    Raises:
        Permanent: as `load_named`; with reason `CONFLICT`, the plan was changed, ended or spoken of
            by the same person meanwhile. Nothing was noted: look at it again.
        Transient: the store failed; nothing was noted.
    """
    kept = load_named(estate, database, prefix)
    plan_hash = kept.plan.hash
    is_own = is_same_person(who, kept.plan.requester)
    if not is_own and who not in estate.corrections.approvers:
        refusal = Refusal(Guard.NOT_APPROVED, f"{who} is none of those who approve")
        return Answer(plan_hash, kept.state, (refusal,))
    if kept.state not in (PlanState.PROPOSED, PlanState.APPROVED):
        return Answer(plan_hash, kept.state, (_too_late(kept),))
    after = PlanState.WITHDRAWN if is_own else PlanState.REJECTED
    with database.write() as connection:
        now = clock()
        if not move_plan(connection, plan_hash, kept.state, after, f"{who}: {why}", now):
            raise _quicker()
        add_approval(connection, plan_hash, who, why, now, is_approved=False)
        action = "withdraw" if is_own else "reject"
        _audit(connection, who, action, plan_hash, {"why": why}, clock)
    return Answer(plan_hash, after)


def expire_overdue(database: Database, clock: Clock) -> tuple[PlanEntry, ...]:
    """End every plan that waited too long.

    Returns:
        The plans that ended.

    Raises:
        Transient, Permanent: the store failed; nothing ended.
    """
    now, ended = clock(), []
    with database.read() as connection:
        if not overdue_plans(connection, now):
            return ()
    with database.write() as connection:
        for each in overdue_plans(connection, now):
            why = f"nobody {_MISSED[each.state]} it in time"
            if move_plan(connection, each.hash, each.state, PlanState.EXPIRED, why, now):
                _audit(connection, "tieout", "expire", each.hash, {"why": why}, clock)
                ended.append(each)
    return tuple(ended)


_MISSED: Mapping[PlanState, str] = {
    PlanState.PROPOSED: "approved",
    PlanState.APPROVED: "applied",
}


def _why_not_by(kept: KeptPlan, who: str, estate: Estate) -> tuple[Refusal, ...]:
    """Why this somebody cannot approve this plan."""
    refusals = []
    if kept.state is not PlanState.PROPOSED:
        refusals.append(_too_late(kept))
    if kept.plan.mode is Mode.AUTO:
        why = "the plan goes by its policies, and waits for nobody"
        refusals.append(Refusal(Guard.NOT_APPROVED, why))
    if is_same_person(who, kept.plan.requester):
        why = f"{who} asked for the plan; somebody else has to approve it"
        refusals.append(Refusal(Guard.SELF_APPROVED, why))
    if who not in estate.corrections.approvers:
        refusals.append(Refusal(Guard.NOT_APPROVED, f"{who} is none of those who approve"))
    if any(is_same_person(who, said.who) for said in kept.approvals):
        refusals.append(Refusal(Guard.NOT_APPROVED, f"{who} has spoken already"))
    return tuple(refusals)


def _note_approval(
    kept: KeptPlan,
    who: str,
    why: str,
    estate: Estate,
    database: Database,
    clock: Clock,
    at_stake: Decimal | None,
) -> Answer:
    plan_hash, settings = kept.plan.hash, estate.corrections
    with database.write() as connection:
        now = clock()
        # Claims the row, so that two who approve at once see one another.
        is_open = move_plan(connection, plan_hash, PlanState.PROPOSED, PlanState.PROPOSED, "", now)
        if not is_open or now >= kept.plan.expires_at:
            raise _quicker()
        if not add_approval(connection, plan_hash, who, why, now, is_approved=True):
            raise _quicker()
        yes = [said.who for said in approvals_of(connection, plan_hash) if said.is_approved]
        lacking = tuple(unmet(settings.quorum, settings.approvers, yes, at_stake))
        state = PlanState.PROPOSED
        if not lacking:
            state = PlanState.APPROVED
            move_plan(connection, plan_hash, PlanState.PROPOSED, state, "", now)
        detail = {"why": why, "money": None if at_stake is None else format(at_stake, "f")}
        _audit(connection, who, "approve", plan_hash, {**detail, "lacking": list(lacking)}, clock)
    return Answer(plan_hash, state, (), lacking)


def _refuse(
    kept: KeptPlan, who: str, refusals: tuple[Refusal, ...], database: Database, clock: Clock
) -> Answer:
    """Note that somebody was refused; a plan that can never be applied ends by it."""
    plan_hash, state = kept.plan.hash, kept.state
    why = "; ".join(each.why for each in refusals)
    ends = [each for each in refusals if each.guard in _ENDS]
    with database.write() as connection:
        if ends and state is PlanState.PROPOSED:
            is_late = all(each.guard is Guard.EXPIRED for each in ends)
            after = PlanState.EXPIRED if is_late else PlanState.WITHDRAWN
            if move_plan(connection, plan_hash, state, after, why, clock()):
                state = after
        detail = {"refusals": [f"{each.guard.value}: {each.why}" for each in refusals]}
        action = "approval_refused" if state is kept.state else state.value
        _audit(connection, who, action, plan_hash, detail, clock)
    return Answer(plan_hash, state, refusals)


def _too_late(kept: KeptPlan) -> Refusal:
    ended = f": {kept.entry.ended_why}" if kept.entry.ended_why else ""
    return Refusal(Guard.NOT_APPROVED, f"the plan is {kept.state.value}{ended}")


def _quicker() -> Permanent:
    return Permanent("the plan was changed meanwhile: look at it again", reason=Reason.CONFLICT)


def _audit(
    connection: Connection,
    who: str,
    action: str,
    plan_hash: str,
    detail: Mapping[str, Any],
    clock: Clock,
) -> None:
    append_audit(
        connection,
        at=clock(),
        who=who,
        action=action,
        subject=f"plan {plan_hash}",
        detail=detail,
    )
