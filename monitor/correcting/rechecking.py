"""Check a kept plan again: whether the very same would still be planned, and all guards."""

from dataclasses import dataclass

from monitor.core.clock import Clock
from monitor.core.corrections import Correction, Guard, Plan, Refusal
from monitor.core.errors import TieoutError
from monitor.correcting.guards import Moment, examine
from monitor.correcting.planning import propose_again
from monitor.correcting.second_look import look_again
from monitor.correcting.situation import Situation
from monitor.correcting.survey import survey
from monitor.estate import Estate, Flow
from monitor.sampling import fetch
from monitor.store.breaks import load_breaks
from monitor.store.database import Database
from monitor.store.record_states import load_by_native_id


@dataclass(frozen=True, slots=True)
class Check:
    """What a kept plan was judged by, and all that speaks against it."""

    refusals: tuple[Refusal, ...]
    situation: Situation | None


def recheck(plan: Plan, estate: Estate, database: Database, clock: Clock, moment: Moment) -> Check:
    """Read again what a plan rests on, and judge it by the guards of this moment.

    To be done before anything of the plan is: once a break is being corrected, the plan is no
    longer the one that would be made.

    Raises:
        Transient, Permanent: the store failed.
    """
    flow = estate.flow(plan.flow)
    if flow is None:
        return Check((Refusal(Guard.CHANGED, "the landscape no longer has its flow"),), None)
    doubts = [*_of_breaks(plan, flow, estate, database, clock)]
    doubts += [
        doubt
        for each in plan.corrections
        if each.undoes is not None and (doubt := _of_undoing(each, estate, database, clock))
    ]
    changed = {each.fingerprint: each.why for each in doubts if each.guard is Guard.CHANGED}
    situation = survey(plan, flow, estate, database, clock, changed=changed)
    others = (each for each in doubts if each.guard is not Guard.CHANGED)
    return Check((*examine(plan, situation, moment), *others), situation)


def _of_breaks(
    plan: Plan, flow: Flow, estate: Estate, database: Database, clock: Clock
) -> list[Refusal]:
    """Corrections that would not be planned so now, and those of which nobody can tell."""
    planned = {each.fingerprint: each for each in plan.corrections if each.undoes is None}
    with database.read() as connection:
        deals = {each.transaction for each in planned.values()}
        known = {each.fingerprint: each for each in load_breaks(connection, flow.name, deals)}
    breaks = [known[fingerprint] for fingerprint in planned if fingerprint in known]
    seen = look_again(flow, breaks, estate, database, clock)
    doubts = [_without_id(each, planned[each.fingerprint].break_id) for each in seen.gone]
    for fingerprint, each in seen.standing.items():
        formed = propose_again(each, flow, plan.mode, seen, estate)
        before = planned[fingerprint]
        if isinstance(formed, Refusal):
            doubts.append(_without_id(formed, before.break_id))
        elif (formed.fix, formed.write) != (before.fix, before.write):
            why = "its records say something else than when the plan was made"
            doubts.append(Refusal(Guard.CHANGED, why, fingerprint))
    return doubts


def _without_id(refusal: Refusal, break_id: str) -> Refusal:
    """As a reason for which the plan no longer holds, whichever guard it was; except blindness."""
    why = refusal.why.removeprefix(f"{break_id}: ")
    if refusal.guard is Guard.BLIND_SOURCE:
        return refusal
    return Refusal(Guard.CHANGED, why, refusal.fingerprint)


def _of_undoing(
    each: Correction, estate: Estate, database: Database, clock: Clock
) -> Refusal | None:
    """Why a correction cannot be taken back as planned: somebody changed the record since."""
    write = each.write
    source = None if write is None else estate.sources.get(write.stream)
    if write is None or source is None or not write.native_id:
        return None
    try:
        if source.capabilities.fetch:
            fetch(source, database, clock, [write.native_id])
    except TieoutError as error:
        why = f"{each.break_id}: {write.stream} could not be read again: {error}"
        return Refusal(Guard.BLIND_SOURCE, why, each.fingerprint)
    with database.read() as connection:
        found = load_by_native_id(connection, write.stream, [write.native_id], estate.fields)
    record = found.get(write.native_id)
    if record is not None and record.version == write.version:
        return None
    why = "somebody changed the record since it was corrected"
    return Refusal(Guard.CHANGED, why, each.fingerprint)
