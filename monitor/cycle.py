"""One cycle over what changed: correlate, detect, confirm, settle.

Only transactions that new records touched, or whose deadline has passed, are looked at, so the
cost follows the change and not the size of the estate. Everything here is repeatable: a cycle
that is killed leaves its touches in place, and the next one comes to the same state.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from monitor.assessment import Assessment, assess
from monitor.confirmation import asks_sources, confirm, questions_of
from monitor.core.breaks import LIVE_STATES, Break, BreakState, Transition
from monitor.core.clock import Clock
from monitor.core.ignores import suppress
from monitor.core.lifecycle import awaiting, settle
from monitor.core.ports import Deadline
from monitor.core.transactions import TransactionStatus, judge
from monitor.estate import Estate, Flow
from monitor.evidence import evidence_of
from monitor.ignoring import refresh_ignores
from monitor.quiet import Quiet, find_quiet
from monitor.sight import Sight, note_changes, see
from monitor.store import breaks, touches, transactions, turns
from monitor.store.database import Database
from monitor.store.matched import note_still_matched
from monitor.telling import tell

log = structlog.get_logger(__name__)

BATCH = 10_000
"""Touched records, or due transactions, that are looked at together; bounds memory."""

RAREST_QUESTION = timedelta(minutes=15)
"""How seldom a suspicion is asked about that no source can settle."""

WATCH = "tieout"
"""Who took a step that no person took."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one cycle did.

    Attributes:
        looked_at: transactions.
        transitions: what happened to breaks, in order.
        awaiting: suspicions that could not be confirmed yet.
    """

    looked_at: int
    transitions: tuple[Transition, ...]
    awaiting: int


def run_cycle(estate: Estate, database: Database, clock: Clock) -> Cycle:
    """Look at everything that changed or fell due, until nothing is left.

    Raises:
        Transient, Permanent: the store failed; what was settled before stays settled.
    """
    now = clock()
    sight = see(estate, database, now)
    # By the very sight that judges below: what it leaves unknown is looked at again afterwards.
    note_changes(estate, database, sight, now)
    done = [Cycle(0, refresh_ignores(estate, database, now), 0)]
    while touched := _take_touched(database):
        looks = [_look(flow, touched, (), estate, sight, database, clock) for flow in estate.flows]
        answered = frozenset.intersection(*(marks for _, marks in looks)) if looks else frozenset()
        with database.write() as connection:
            touches.clear_touched(connection, answered.union(mark.id for mark in touched))
        done += [cycle for cycle, _ in looks]
    for flow in estate.flows:
        if due := _take_due(database, flow, clock()):
            done.append(_look(flow, (), due, estate, sight, database, clock)[0])
    return Cycle(
        looked_at=sum(cycle.looked_at for cycle in done),
        transitions=tuple(step for cycle in done for step in cycle.transitions),
        awaiting=sum(cycle.awaiting for cycle in done),
    )


def _take_touched(database: Database) -> list[touches.Touch]:
    with database.read() as connection:
        return touches.take_touched(connection, BATCH)


def _take_due(database: Database, flow: Flow, now: datetime) -> list[str]:
    with database.read() as connection:
        return transactions.due_transactions(connection, flow.name, now, BATCH)


def _look(
    flow: Flow,
    touched: Sequence[touches.Touch],
    due: Sequence[str],
    estate: Estate,
    sight: Sight,
    database: Database,
    clock: Clock,
) -> tuple[Cycle, frozenset[int]]:
    """Look at some transactions of one flow; also returns the marks that this answers."""
    while True:
        done = _settle(flow, touched, due, estate, sight, database, clock)
        if done is not None:
            return done
        log.info("another cycle was quicker; looking again")


def _settle(
    flow: Flow,
    touched: Sequence[touches.Touch],
    due: Sequence[str],
    estate: Estate,
    sight: Sight,
    database: Database,
    clock: Clock,
) -> tuple[Cycle, frozenset[int]] | None:
    """Assess, confirm, settle; None where somebody else settled the flow meanwhile."""
    quiet = find_quiet(flow, touched, estate, sight, database, clock())
    record_ids = [mark.record_id for mark in touched if mark.record_id not in quiet.records]
    if quiet.turn is not None and not record_ids and not due:
        return _pass_over(flow, quiet, quiet.turn, database, clock())
    seen = assess(flow, record_ids, due, estate, sight, database, clock())
    waiting = awaiting(tuple(seen.known.values()), seen.findings, flow.margins, clock())
    confirmed: frozenset[str] = frozenset()
    if waiting.to_confirm:
        suspicions = [each for each in seen.findings if each.fingerprint in waiting.to_confirm]
        questions = questions_of(flow, suspicions, seen.frames, estate.sources)
        confirmed = confirm(questions, estate.sources, sight, seen.known, database, clock)
        if asks_sources(questions, estate.sources):
            seen = assess(flow, record_ids, due, estate, sight, database, clock())
    now = clock()
    steps = settle(
        tuple(seen.known.values()),
        seen.findings,
        seen.judged,
        confirmed=confirmed,
        margins=flow.margins,
        now=now,
        retired=_retired(flow, seen),
    )
    steps += suppress(_after(seen, steps).values(), seen.ignores, now)
    if not _save(flow, estate, sight, seen, quiet, steps, database, now):
        return None
    suspected = awaiting(tuple(seen.known.values()), seen.findings, flow.margins, now)
    unconfirmed = len(suspected.to_confirm - confirmed)
    looked_at = len(seen.transactions.union(quiet.transactions.values()))
    return Cycle(looked_at, tuple(steps), unconfirmed), seen.touches


def _pass_over(
    flow: Flow, quiet: Quiet, turn: int, database: Database, now: datetime
) -> tuple[Cycle, frozenset[int]] | None:
    """Nothing is left to look at whole; None where somebody else settled the flow meanwhile."""
    with database.write() as connection:
        if not turns.take_turn(connection, flow.name, turn):
            return None
        note_still_matched(connection, quiet.transactions, now)
    return Cycle(len(set(quiet.transactions.values())), (), 0), frozenset()


def _save(
    flow: Flow,
    estate: Estate,
    sight: Sight,
    seen: Assessment,
    quiet: Quiet,
    steps: Sequence[Transition],
    database: Database,
    now: datetime,
) -> bool:
    """Links, breaks, what is told of them, statuses and next looks: all of it or nothing.

    Nothing, and False, where the assessment is not of the latest state.
    """
    after = _after(seen, steps)
    deadlines = _next_looks(flow, seen, after.values(), now)
    statuses = _statuses(flow, seen, after.values(), deadlines)
    evidence = evidence_of(flow, steps, seen.frames, sight.looked_until)
    with database.write() as connection:
        turn = seen.turn if quiet.turn is None else min(quiet.turn, seen.turn)
        if not turns.take_turn(connection, flow.name, turn):
            return False
        note_still_matched(connection, quiet.transactions, now)
        transactions.save_links(connection, flow.name, seen.links, seen.before)
        breaks.apply_transitions(connection, steps, WATCH, evidence)
        breaks.note_seen(connection, _still_standing(seen, steps), now)
        transactions.save_statuses(connection, flow.name, statuses, now)
        transactions.replace_deadlines(connection, flow.name, seen.transactions, deadlines)
        tell(connection, estate, steps, after.values(), now)
    return True


def _after(seen: Assessment, steps: Sequence[Transition]) -> dict[str, Break]:
    """Breaks by fingerprint as they are when the steps have been taken."""
    return {**seen.known, **{step.after.fingerprint: step.after for step in steps}}


def _retired(flow: Flow, seen: Assessment) -> set[str]:
    """Rules that some known break is of, and that the landscape no longer has."""
    return {each.finding.rule for each in seen.known.values()} - {rule.name for rule in flow.rules}


def _still_standing(seen: Assessment, steps: Sequence[Transition]) -> set[str]:
    """Breaks that were looked at again and stand as they did."""
    moved = {step.after.fingerprint for step in steps}
    return {
        fingerprint
        for fingerprint, each in seen.known.items()
        if each.state in LIVE_STATES and each.finding.rule in seen.judged
    } - moved


def _next_looks(
    flow: Flow, seen: Assessment, known: Collection[Break], now: datetime
) -> dict[str, datetime]:
    """The earliest instant at which each transaction has to be looked at again.

    A suspicion is looked at again when its margin has passed. What is overdue already waits for
    a source to be looked at, so the next cycle tries again.
    """
    suspicions = [
        Deadline(each.finding.transaction, _next_question(each, flow, now))
        for each in known
        if each.state is BreakState.SUSPECTED and each.finding.rule in seen.judged
    ]
    looks: dict[str, datetime] = {}
    for deadline in (*seen.deadlines, *suspicions):
        at = max(deadline.at, now)
        looks[deadline.transaction] = min(at, looks.get(deadline.transaction, at))
    return looks


def _next_question(suspicion: Break, flow: Flow, now: datetime) -> datetime:
    """When to ask about a suspicion again: as soon as it is ripe, and the rarer the longer."""
    ripe_at = suspicion.suspected_at + flow.margins[suspicion.finding.rule]
    waited = now - suspicion.suspected_at
    return max(ripe_at, now + min(waited / 4, RAREST_QUESTION))


def _statuses(
    flow: Flow,
    seen: Assessment,
    known: Collection[Break],
    deadlines: Mapping[str, datetime],
) -> dict[str, TransactionStatus]:
    broken = {each.finding.transaction for each in known if each.state in LIVE_STATES}
    present = {key for frame in seen.frames.values() for key in frame["_transaction"].unique()}
    return {
        key: judge(
            has_records=key in present,
            has_live_breaks=key in broken,
            all_rules_judged=len(seen.judged) == len(flow.rules),
            is_awaited=key in deadlines,
        )
        for key in seen.transactions
    }
