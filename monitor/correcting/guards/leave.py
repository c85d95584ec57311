"""Whether a plan has leave: policies, people, and what else goes on at its records."""

from collections.abc import Iterator

from monitor.core.approvals import POLICY, is_same_person, unmet
from monitor.core.corrections import Correction, Guard, Mode, Plan, Refusal, target_of
from monitor.correcting.situation import Situation, money_at_stake

_ENOUGH = {
    Mode.PROPOSE: frozenset({Mode.PROPOSE, Mode.AUTO}),
    Mode.AUTO: frozenset({Mode.AUTO}),
    Mode.OBSERVE: frozenset[Mode](),
}
"""By the mode of a plan, the modes of a policy that let it be."""


def is_let(plan_mode: Mode, policy_mode: Mode) -> bool:
    """Whether a policy of the one mode lets a plan of the other be made."""
    return policy_mode in _ENOUGH[plan_mode]


def kill_switch(_plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """While somebody holds everything, nothing is done."""
    halt = situation.halt
    if halt is not None:
        yield Refusal(Guard.KILL_SWITCH, f"{halt.who} has stopped all corrections: {halt.why}")


def mode(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Nothing is corrected that no policy names; what is undone, people decide."""
    for each in plan.corrections:
        if each.undoes is not None:
            if plan.mode is not Mode.PROPOSE:
                yield _about(Guard.MODE, each, "nothing is undone without a person's word")
            continue
        policy = situation.policies.get(each.rule)
        has = Mode.OBSERVE if policy is None else policy.mode
        if not is_let(plan.mode, has):
            yield _about(Guard.MODE, each, f"the policy of {each.rule} is to {has.value} only")


def in_flight(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """One correction at a time for each record, and for each break."""
    taken: dict[str, str] = {}
    for each in plan.corrections:
        if each.fingerprint in situation.busy:
            yield _about(Guard.IN_FLIGHT, each, situation.busy[each.fingerprint])
        elif each.write is not None:
            first = taken.setdefault(target_of(each.write), each.break_id)
            if first != each.break_id:
                why = f"{first} is corrected by the same record; this one comes after it"
                yield _about(Guard.IN_FLIGHT, each, why)


def fix_loop(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """What breaks again and again is put right where it breaks: in the flow."""
    loop = situation.settings.loop
    for each in plan.corrections:
        times = situation.repairs.get(each.fingerprint, 0)
        if each.undoes is None and times >= loop.times:
            why = (
                f"it was corrected {times} times within {loop.within} and broke again: something"
                f" in {plan.flow} undoes it, and has to be mended first"
            )
            yield _about(Guard.FIX_LOOP, each, why)


def breaker_open(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """A target that failed again and again is left alone for a while."""
    systems = {each.write.stream.system for each in plan.corrections if each.write is not None}
    for system in sorted(systems & situation.resting.keys()):
        until = situation.resting[system]
        yield Refusal(
            Guard.BREAKER_OPEN,
            f"writes to {system} failed in a row, so it rests until {until:%Y-%m-%d %H:%M} UTC",
        )


def expired(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """What was decided on an old state is not done."""
    if situation.now >= plan.expires_at:
        yield Refusal(Guard.EXPIRED, f"the plan expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC")


def changed(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """A plan holds for the policies, the breaks and the records that it was made of."""
    if plan.policies != situation.policies_digest:
        yield Refusal(Guard.CHANGED, "the policies have changed since the plan was made")
    for each in plan.corrections:
        if each.fingerprint in situation.changed:
            yield _about(Guard.CHANGED, each, situation.changed[each.fingerprint])


def self_approved(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Nobody approves what they asked for."""
    for said in situation.approvals:
        if said.is_approved and is_same_person(said.who, plan.requester):
            yield Refusal(Guard.SELF_APPROVED, f"{said.who} asked for the plan and approved it")


def not_approved(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Enough of the right people have said yes to this very plan, and none of them no."""
    for said in situation.approvals:
        if not said.is_approved:
            yield Refusal(Guard.NOT_APPROVED, f"{said.who} has rejected the plan")
    yes = [said for said in situation.approvals if said.is_approved]
    if plan.mode is Mode.AUTO:
        if not any(said.who == POLICY and said.why == situation.policies_digest for said in yes):
            yield Refusal(Guard.NOT_APPROVED, "the policies in force have not let it go ahead")
        return
    at_stake = money_at_stake(plan, situation.money)
    others = [said.who for said in yes if not is_same_person(said.who, plan.requester)]
    settings = situation.settings
    for lacking in unmet(settings.quorum, settings.approvers, others, at_stake):
        yield Refusal(Guard.NOT_APPROVED, f"the plan lacks {lacking}")


def _about(guard: Guard, each: Correction, why: str) -> Refusal:
    return Refusal(guard, f"{each.break_id}: {why}", each.fingerprint)
