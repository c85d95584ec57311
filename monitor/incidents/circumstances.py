"""Circumstances: where an incident's worst deal is stuck, why, and what could be done about it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

import structlog

from alerts.compose import show_system
from monitor.core.approvals import POLICY
from monitor.core.breaks import LIVE_STATES, Break, BreakState
from monitor.core.circumstances import Cause, Circumstances, HopState, Proposal, Step
from monitor.core.corrections import OPEN_PLANS, Correction, CorrectionState, Mode
from monitor.core.errors import TieoutError
from monitor.core.incidents import CauseKind, Message
from monitor.core.model import StreamId
from monitor.core.watches import ESTATE
from monitor.estate import Estate
from monitor.explaining.cohorts import Cohort
from monitor.explaining.explain import explain
from monitor.explaining.explanation import Explanation
from monitor.incidents.viewing import message_of
from monitor.reports.deal import DealTrace, Stop, trace_transaction
from monitor.reports.planned import tell_write
from monitor.store import breaks
from monitor.store.approvals import approvals_of
from monitor.store.corrections import corrections_of_break
from monitor.store.database import Connection, Database
from monitor.store.incident_causes import keep_cause, load_cause
from monitor.store.incident_contents import breaks_of
from monitor.store.plans import load_plan, plans_of_break

log = structlog.get_logger(__name__)

MOST_CHANGES = 5
"""Lines of a plan that a message shows; its page has all of them."""

MOST_COHORTS = 2


def complete_message(
    estate: Estate, database: Database, number: int, now: datetime
) -> Message | None:
    """The incident as it stands with its circumstances; None where there is none.

    Why it came up is worked out when it is told for the first time, and again only where another
    break has become its worst: its cost follows what people are told, not how many breaks stand.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        message = message_of(connection, estate, number)
        worst = _worst(connection, message)
    if message is None:
        return None
    found = Circumstances(dashboard=_dashboard(estate, message), runbook=_runbook(estate, message))
    if worst is not None:
        found = replace(
            found,
            deal="" if worst.finding.flow == ESTATE else worst.finding.transaction,
            way=_way(estate, database, worst, now),
            cause=_cause(estate, database, number, worst, now),
        )
        with database.read() as connection:
            found = replace(
                found,
                proposal=_proposal(connection, estate, number, worst),
                repaired_by=_repaired_by(connection, worst),
            )
    told = estate.wording.apply(replace(message, circumstances=found))
    for slot, why in told.words.faults:
        log.warning("own template cannot be used", template=slot, incident=number, why=why)
    return told


def _worst(connection: Connection, message: Message | None) -> Break | None:
    if message is None or message.worst is None:
        return None
    return breaks.find_break(connection, message.worst.break_id)


def _way(estate: Estate, database: Database, worst: Break, now: datetime) -> tuple[Step, ...]:
    """The deal's way, its start first."""
    found = worst.finding
    if found.flow == ESTATE:
        return ()
    trace = trace_transaction(estate, database, found.flow, found.transaction, now)
    flow = estate.flow(found.flow)
    if trace is None or flow is None:
        return ()
    return (_start(trace, flow.root, estate), *_steps(trace, estate))


def _start(trace: DealTrace, root: StreamId, estate: Estate) -> Step:
    first = _first(trace, root)
    state = HopState.DONE if first is not None else HopState.UNKNOWN
    return Step(_place(root, estate), state, first.at if first else None, _name(first))


def _steps(trace: DealTrace, estate: Estate) -> Iterator[Step]:
    standing = [each.finding for each in trace.breaks if each.state in LIVE_STATES]
    late = {each.rule: each.since for each in standing}
    wrong = {StreamId(each.system, each.stream): each for each in standing if each.record_id}
    for hop in trace.hops:
        arrived = _first(trace, hop.to) if hop.state is HopState.DONE else None
        if arrived is None:
            yield Step(_place(hop.to, estate), hop.state, late.get(hop.name))
        elif (found := wrong.get(hop.to)) is not None:
            yield Step(_place(hop.to, estate), HopState.MISSING, found.since, found.record_id)
        else:
            yield Step(_place(hop.to, estate), hop.state, arrived.at, _name(arrived))


def _first(trace: DealTrace, stream: StreamId) -> Stop | None:
    """What of the deal came to a stream first."""
    return next((each for each in trace.stops if each.stream == stream and not each.deleted), None)


def _name(stop: Stop | None) -> str:
    return "" if stop is None else str(stop.fields.get("number") or stop.native_id)


def _place(stream: StreamId, estate: Estate) -> str:
    return f"{show_system(stream.system, estate.titles)} {stream.stream.replace('_', ' ')}"


def _cause(estate: Estate, database: Database, number: int, worst: Break, now: datetime) -> Cause:
    """What is known already; else worked out, and kept."""
    place = (number, worst.fingerprint, worst.episode)
    with database.read() as connection:
        known = load_cause(connection, *place)
    if known is not None or worst.state is BreakState.RESOLVED:
        return known or Cause()
    try:
        told = explain(estate, database, worst.fingerprint, now)
    except TieoutError as error:
        # People have to hear of the incident whether or not its reason can be worked out.
        log.warning("incident cannot be explained", incident=number, reason=error.reason)
        return Cause()
    cause = Cause() if told is None else _said(told)
    with database.write() as connection:
        keep_cause(connection, *place, cause, now)
    return cause


def _said(told: Explanation) -> Cause:
    shared = "; ".join(_cohort(each) for each in told.cohorts[:MOST_COHORTS])
    return Cause(f"{told.why} {told.before}".strip(), shared, told.remedy)


def _cohort(each: Cohort) -> str:
    return (
        f"{each.dimension.replace('_', ' ')} {each.value}: {each.broken} of {each.of_broken} such"
        f" breaks, {each.compared} of {each.of_compared} deals"
    )


def _proposal(connection: Connection, estate: Estate, number: int, worst: Break) -> Proposal | None:
    """The newest plan that something may still come of."""
    entries = plans_of_break(connection, worst.fingerprint)
    entry = next((each for each in entries if each.state in OPEN_PLANS), None)
    kept = None if entry is None else load_plan(connection, entry.hash, estate.fields)
    if entry is None or kept is None:
        return None
    standing, _ = breaks_of(connection, number)
    concerned = {each.fingerprint for each in standing} | {worst.fingerprint}
    ours = [each for each in kept.plan.corrections if each.fingerprint in concerned]
    lines = [line for each in ours for line in _lines(each)]
    left_out = len(lines) - MOST_CHANGES
    shown = (*lines[:MOST_CHANGES], *([f"… and {left_out} lines more"] if left_out > 0 else []))
    asks_people = kept.plan.mode is Mode.PROPOSE
    return Proposal(
        plan=entry.id,
        state=entry.state.value,
        changes=shown,
        others=len(kept.plan.corrections) - len(ours),
        at_stake=_at_stake(ours),
        approvers=_approvers(estate, kept.plan.requester) if asks_people else (),
        expires_at=entry.expires_at,
        link=f"{estate.address}/plans/{entry.id}" if estate.address else "",
        hash=kept.plan.hash,
        is_whole=left_out <= 0 and len(kept.plan.corrections) == len(ours),
    )


def _lines(each: Correction) -> list[str]:
    by_hand = [f"by a person: {each.why}"]
    return by_hand if each.write is None else list(tell_write(each.write))


def _at_stake(ours: list[Correction]) -> Mapping[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in ours:
        if each.value_at_risk is not None:
            sums[each.currency] += each.value_at_risk
    return dict(sums)


def _approvers(estate: Estate, requester: str) -> tuple[str, ...]:
    """Who may approve: whoever asked for it may not."""
    return tuple(sorted(name for name in estate.corrections.approvers if name != requester))


def _repaired_by(connection: Connection, worst: Break) -> str:
    """The correction that repaired it in this episode; empty where it was none of ours."""
    if worst.state is not BreakState.RESOLVED:
        return ""
    since = worst.opened_at or worst.suspected_at
    done = [
        each
        for each in corrections_of_break(connection, worst.fingerprint)
        if each.state is CorrectionState.VERIFIED
        and each.ended_at is not None
        and each.ended_at >= since
    ]
    if not done:
        return ""
    last = done[-1]
    said_yes = [each.who for each in approvals_of(connection, last.plan) if each.is_approved]
    people = [who for who in said_yes if who != POLICY]
    word = f"approved by {', '.join(people)}" if people else "as its policy allows"
    return f"Repaired by correction {last.id} of plan {last.plan[:12]}, {word}."


def _dashboard(estate: Estate, message: Message) -> str:
    """The firm's own dashboard, with where to look filled in."""
    flow = ""
    if message.incident.cause.kind in (CauseKind.DEAL, CauseKind.RULE):
        flow = message.incident.cause.about.split(" ", 1)[0]
    system = message.worst.system if message.worst is not None else ""
    address = estate.incidents.links.dashboard or ""
    return address.replace("{flow}", quote(flow, safe="")).replace(
        "{system}", quote(system, safe="")
    )


def _runbook(estate: Estate, message: Message) -> str:
    """The firm's runbook for the rule, else for the kind of break, else for the kind of cause."""
    runbooks = estate.incidents.links.runbooks
    worst = message.worst
    kind = worst.break_kind.value if worst is not None and worst.break_kind is not None else ""
    names = (worst.rule if worst is not None else "", kind, message.incident.cause.kind.value)
    return next((runbooks[name] for name in (*names, "any") if name in runbooks), "")
