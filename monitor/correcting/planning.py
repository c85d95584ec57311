"""Plan: what would be written to repair the breaks that stand, and all that speaks against it.

To draft a plan changes nothing, in no system and in no store but what was read again from the
systems. A plan that is kept is never cut: what may not be done is left out before.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from monitor.core.approvals import unmet
from monitor.core.breaks import Break
from monitor.core.clock import Clock
from monitor.core.corrections import Correction, Guard, Mode, Plan, Refusal
from monitor.core.errors import Permanent, Reason
from monitor.core.model import Record, StreamId
from monitor.core.writing import Abilities
from monitor.correcting.guards import Moment, examine
from monitor.correcting.proposing import propose, why_not
from monitor.correcting.scene import Scene
from monitor.correcting.second_look import SecondLook, look_again, recall
from monitor.correcting.situation import money_at_stake
from monitor.correcting.survey import survey
from monitor.estate import Estate, Flow
from monitor.store import breaks as break_store
from monitor.store.database import Database


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants planned.

    Attributes:
        flow: whose breaks.
        mode: `PROPOSE` for people, `AUTO` for what policies let go ahead by itself.
        requester: who asks.
        rules: only breaks of these; empty: of all that have a policy.
        fingerprints: only these breaks; empty: all that stand.
    """

    flow: str
    mode: Mode = Mode.PROPOSE
    requester: str = "tieout"
    rules: Collection[str] = ()
    fingerprints: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan that nobody has kept yet, and all that speaks against it.

    Attributes:
        plan: what would be done; it may hold no correction at all.
        refusals: of the plan as a whole; none of it is done while there are any.
        left_out: why single breaks are no part of it.
        considered: fingerprints of the breaks that were looked at.
        money: value at risk of the whole plan, in the firm's currency; None where not known.
        lacking: the approvals that it will need, in words.
    """

    plan: Plan
    refusals: tuple[Refusal, ...]
    left_out: tuple[Refusal, ...]
    considered: frozenset[str]
    money: Decimal | None
    lacking: tuple[str, ...]


def find_flow(estate: Estate, name: str) -> Flow:
    """The flow of this name.

    Raises:
        Permanent: there is none.
    """
    flow = estate.flow(name)
    if flow is None:
        raise Permanent(f"there is no flow '{name}'", reason=Reason.REFUSED)
    return flow


def draft_plan(estate: Estate, request: Request, database: Database, clock: Clock) -> Draft:
    """What would be done about the breaks that stand, from a fresh look at their records.

    Raises:
        Transient, Permanent: the store failed, or there is no such flow or rule.
    """
    flow = find_flow(estate, request.flow)
    _refuse_unknown_rules(flow, request)
    candidates, left_out = _candidates(flow, request, database)
    corrections, refused = _corrections(
        flow, candidates, recall(flow, candidates, estate, database, clock), estate, request.mode
    )
    left_out += refused
    # More than the limit is refused by its number alone, and not worth so many calls.
    if corrections and len(corrections) <= estate.corrections.limits.corrections:
        wanted = {each.fingerprint for each in corrections}
        breaks = [each for each in candidates if each.fingerprint in wanted]
        seen = look_again(flow, breaks, estate, database, clock)
        corrections, refused = _corrections(flow, breaks, seen, estate, request.mode)
        left_out += refused
    considered = frozenset(each.fingerprint for each in candidates)
    made = _assemble(flow, request, corrections, estate, clock)
    return guard_draft(made, tuple(left_out), considered, estate, database, clock)


def guard_draft(
    plan: Plan,
    left_out: tuple[Refusal, ...],
    considered: frozenset[str],
    estate: Estate,
    database: Database,
    clock: Clock,
) -> Draft:
    """A plan as a draft: what guards keep out of it is left out, and the rest judged as a whole.

    Args:
        plan: what would be done.
        left_out: why other breaks are no part of it.
        considered: fingerprints of the breaks that were looked at.
        estate: the landscape.
        database: the store.
        clock: the present.

    Raises:
        Transient, Permanent: the store failed.
    """
    flow = find_flow(estate, plan.flow)
    while plan.corrections:
        situation = survey(plan, flow, estate, database, clock, is_draft=True)
        refusals = examine(plan, situation, Moment.PROPOSAL)
        single = tuple(each for each in refusals if each.fingerprint)
        if not single:
            money = money_at_stake(plan, situation.money)
            settings = estate.corrections
            lacking = tuple(unmet(settings.quorum, settings.approvers, (), money))
            return Draft(plan, refusals, left_out, considered, money, lacking)
        refused = {each.fingerprint for each in single}
        left_out += single
        kept = tuple(each for each in plan.corrections if each.fingerprint not in refused)
        plan = replace(plan, corrections=kept)
    return Draft(plan, (), left_out, considered, Decimal(0), ())


def scene_of(each: Break, flow: Flow, estate: Estate, records: Sequence[Record]) -> Scene:
    """The scene of one break."""
    return Scene(
        key=flow.key,
        rule=flow.settings.get(each.finding.rule),
        of_record=flow.of_record,
        streams={stream: source.settings for stream, source in estate.sources.items()},
        fields=estate.fields,
        abilities=_abilities(estate),
        records=tuple(records),
    )


def propose_again(
    each: Break, flow: Flow, mode: Mode, seen: SecondLook, estate: Estate
) -> Correction | Refusal:
    """What a plan of this mode made now would do about a break that stands."""
    records = seen.records.get(each.finding.transaction, ())
    scene = scene_of(each, flow, estate, records)
    return propose(each, flow.policies.get(each.finding.rule), mode, scene)


def _refuse_unknown_rules(flow: Flow, request: Request) -> None:
    unknown = set(request.rules) - {rule.name for rule in flow.rules}
    if unknown:
        raise Permanent(f"{flow.name} has no rule '{min(unknown)}'", reason=Reason.REFUSED)


def _candidates(
    flow: Flow, request: Request, database: Database
) -> tuple[list[Break], list[Refusal]]:
    """Breaks that a policy may let be repaired; and, of those asked for by name, why not others."""
    with database.read() as connection:
        standing = break_store.list_breaks(connection, flow=flow.name, limit=None)
    is_named = bool(request.rules or request.fingerprints)
    candidates: list[Break] = []
    elsewhere = set(request.fingerprints) - {each.fingerprint for each in standing}
    refused = [
        Refusal(Guard.CHANGED, f"{name[:10]}: it does not stand in {flow.name}", name)
        for name in sorted(elsewhere)
    ]
    for each in standing:
        if request.rules and each.finding.rule not in request.rules:
            continue
        if request.fingerprints and each.fingerprint not in request.fingerprints:
            continue
        why = why_not(each, flow.policies.get(each.finding.rule), request.mode)
        if why is None:
            candidates.append(each)
        elif is_named:
            refused.append(why)
    return candidates, refused


def _corrections(
    flow: Flow, breaks: Sequence[Break], seen: SecondLook, estate: Estate, mode: Mode
) -> tuple[list[Correction], list[Refusal]]:
    """What would repair each break that stands, in a lasting order; and why not the others."""
    corrections: list[Correction] = []
    refused = list(seen.gone)
    for each in sorted(breaks, key=lambda one: (one.finding.transaction, one.fingerprint)):
        if each.fingerprint in seen.standing:
            formed = propose_again(seen.standing[each.fingerprint], flow, mode, seen, estate)
            if isinstance(formed, Refusal):
                refused.append(formed)
            else:
                corrections.append(formed)
    return corrections, refused


def _assemble(
    flow: Flow,
    request: Request,
    corrections: Sequence[Correction],
    estate: Estate,
    clock: Clock,
) -> Plan:
    now = clock()
    return Plan(
        flow=flow.name,
        mode=request.mode,
        requester=request.requester,
        made_at=now,
        expires_at=now + estate.corrections.expires,
        policies=flow.policies_digest,
        corrections=tuple(corrections),
    )


def _abilities(estate: Estate) -> dict[StreamId, Abilities]:
    """What can be written, by stream that can be written to."""
    writers = {system: estate.writer(system) for system in estate.probes}
    able = {
        stream: writer.abilities(stream.stream)
        for stream in estate.sources
        if (writer := writers.get(stream.system)) is not None
    }
    return {stream: each for stream, each in able.items() if each.operations}
