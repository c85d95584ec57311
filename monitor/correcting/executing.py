"""Execute one correction: look, intend, write once, note the outcome, read back.

The intent is durable before the call. There is one call for one intent, whatever becomes of it:
what is not known afterwards is looked for, see `monitor.correcting.settling`.
"""

from datetime import datetime, timedelta

import structlog

from monitor.core.breaks import BreakState
from monitor.core.clock import Clock
from monitor.core.corrections import (
    CorrectionState,
    Guard,
    Refusal,
    encode_write,
    idempotency_key,
)
from monitor.core.errors import Permanent, Reason, TieoutError
from monitor.core.lifecycle import begin_correcting
from monitor.core.pre_images import encode_record
from monitor.core.writing import Observation, Operation, Write, Writer
from monitor.correcting.failpoints import Failpoint, reach
from monitor.correcting.gate import why_not_now
from monitor.correcting.handing_over import hand_over
from monitor.correcting.judging import (
    FIRST_LOOK,
    Outcome,
    after_call,
    after_refusal,
    before_writing,
)
from monitor.correcting.looking import read_back, see_effect
from monitor.correcting.noting import OPEN_OUTCOMES, note
from monitor.correcting.task import Task, load_task
from monitor.correcting.verifying import verify
from monitor.estate import Estate
from monitor.store import breaks
from monitor.store.corrections import claim_target, hold_correction, load_correction
from monitor.store.database import Connection, Database
from monitor.store.refusals import replace_refusals
from monitor.store.turns import pass_turn

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
"""How long an intent is left to whoever made it: longer than a call may take."""

_PLANNED = frozenset({CorrectionState.PLANNED})
_SEEN_AT_THE_TARGET = frozenset({Operation.CREATE, Operation.UPDATE, Operation.DELETE})
"""Others leave nothing behind that would tell our effect from somebody else's."""

_NO_WRITER = Outcome(
    CorrectionState.FAILED, "Nothing writes to this system any more.", reason=Reason.CONFIGURATION
)


def execute(task: Task, estate: Estate, database: Database, clock: Clock) -> CorrectionState:
    """Carry out one correction of a plan that is being applied, as far as it is let.

    Returns:
        Where the correction is now.

    Raises:
        Transient, Permanent: the store failed.
    """
    refused = _ask_gate(task, estate, database, clock)
    if refused is not None:
        return _refuse(task, refused, estate, database, clock)
    if task.correction.write is None:
        return hand_over(task, estate, database, clock)
    return _write(task, task.correction.write, estate, database, clock)


def _write(
    task: Task, write: Write, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    writer = estate.writer(write.stream.system)
    if writer is None:
        return _end(task, _NO_WRITER, estate, database, clock)
    match _look(task, write, writer, estate, database, clock):
        case Refusal() as refused:
            return _refuse(task, refused, estate, database, clock)
        case Outcome() as needless:
            return _leave_alone(task, write, needless, estate, database, clock)
        case seen:
            reach(Failpoint.BEFORE_INTENT)
    prevented = _intend(task, write, seen, estate, database, clock)
    if prevented is not None:
        return prevented
    reach(Failpoint.AFTER_INTENT)
    outcome = _call(task, writer, write, seen)
    reach(Failpoint.AFTER_CALL)
    return _conclude(task, write, outcome, estate, database, clock)


def _look(
    task: Task, write: Write, writer: Writer, estate: Estate, database: Database, clock: Clock
) -> Observation | Outcome | Refusal:
    """The target as it is, or why nothing is to be written to it."""
    try:
        seen = writer.observe(write)
        if see_effect(task, estate, database, clock):
            return _about(task, Guard.EFFECT_EXISTS, "what it would bring about is there already")
    except TieoutError as error:
        why = f"Nothing was written: the target could not be looked at: {error}"
        return Outcome(CorrectionState.FAILED, why, reason=error.reason)
    return before_writing(write, seen.record) or seen


def _ask_gate(task: Task, estate: Estate, database: Database, clock: Clock) -> Refusal | None:
    with database.read() as connection:
        return why_not_now(connection, task, estate, clock())


def _intend(
    task: Task, write: Write, seen: Observation, estate: Estate, database: Database, clock: Clock
) -> CorrectionState | None:
    """Make the intent durable and hold the record; where it came to, if it cannot be."""
    with database.write() as connection:
        hold_correction(connection, task.entry.target)
        now = clock()
        current = load_correction(connection, task.entry.id)
        if current is None or current.state is not CorrectionState.PLANNED:
            return task.entry.state if current is None else current.state
        refused = why_not_now(connection, task, estate, now) or _why_held(connection, task)
        if refused is not None:
            _note_refusal(connection, task, refused, estate, now)
            return CorrectionState.DROPPED
        gone = _begin_at_break(connection, task, now)
        if gone is not None:
            note(connection, task, estate, _PLANNED, gone, now)
            return gone.state
        image = None if seen.record is None else encode_record(seen.record)
        sent = {
            "write": encode_write(write),
            "idempotency_key": idempotency_key(task.plan, task.correction),
            "seen": seen.token,
            "before": image,
        }
        intent = Outcome(CorrectionState.INTENDED, task.correction.why)
        changes = {"pre_image": image, "intended_at": now, "look_at": now + LEASE}
        note(connection, task, estate, _PLANNED, intent, now, detail=sent, changes=changes)
        reach(Failpoint.WITHIN_INTENT)
    return None


def _why_held(connection: Connection, task: Task) -> Refusal | None:
    """One in flight for each record: hold it, unless another correction does."""
    if claim_target(connection, task.entry.target, task.entry.id):
        return None
    return _about(task, Guard.IN_FLIGHT, "another correction of the same record is in flight")


def _begin_at_break(connection: Connection, task: Task, now: datetime) -> Outcome | None:
    """The break is being corrected from now on; why not, where it is not there to be."""
    standing = breaks.find_break(connection, task.correction.fingerprint)
    if task.correction.undoes is not None:
        return None  # what is undone may have resolved its break long ago
    if standing is None or standing.state in (BreakState.RESOLVED, BreakState.DISMISSED):
        why = "Nothing was written: the rule finds the break no more."
        return Outcome(CorrectionState.NEEDLESS, why)
    step = begin_correcting(standing, task.correction.why, now)
    if step is None:
        why = f"Nothing was written: the break is {standing.state.value} by now."
        return Outcome(CorrectionState.DROPPED, why)
    # A cycle that is at work has read the break as it was.
    pass_turn(connection, standing.finding.flow)
    breaks.apply_transitions(connection, [step], task.who)
    return None


def _call(task: Task, writer: Writer, write: Write, seen: Observation) -> Outcome:
    """The one call. A refusal is believed once the target was looked at."""
    try:
        receipt = writer.apply(write, seen, idempotency_key(task.plan, task.correction))
    except Permanent as refused:
        return _look_behind(after_call(refused), writer, write)
    except TieoutError as error:
        return after_call(error)
    return Outcome(CorrectionState.APPLIED, "The target took it.", receipt)


def _look_behind(refused: Outcome, writer: Writer, write: Write) -> Outcome:
    if write.operation not in _SEEN_AT_THE_TARGET:
        return refused
    try:
        return after_refusal(write, refused, writer.observe(write).record)
    except TieoutError as error:
        why = f"{refused.why} The target cannot be looked at: {error}"
        return Outcome(CorrectionState.UNKNOWN, why, reason=refused.reason)


def _conclude(
    task: Task, write: Write, outcome: Outcome, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    """Note what became of the call, and read back what was taken."""
    with database.write() as connection:
        now = clock()
        changes = {
            CorrectionState.APPLIED: {"applied_at": now, "look_at": now + FIRST_LOOK},
            CorrectionState.UNKNOWN: {"look_at": now + FIRST_LOOK},
        }.get(outcome.state)
        # Another process may have taken us for dead, and be looking for the effect.
        note(connection, task, estate, OPEN_OUTCOMES, outcome, now, changes=changes)
        reach(Failpoint.WITHIN_OUTCOME)
        current = load_task(connection, estate, task.entry.id, task.who) or task
    reach(Failpoint.AFTER_OUTCOME)
    if current.entry.state is CorrectionState.APPLIED:
        return verify(current, estate, database, clock)
    if current.entry.state is CorrectionState.STALE:
        _refresh(task, write, estate, database, clock)
    return current.entry.state


def _leave_alone(
    task: Task, write: Write, why: Outcome, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    """Nothing to write; what is there is read, so that the next cycle judges it."""
    _refresh(task, write, estate, database, clock)
    return _end(task, why, estate, database, clock)


def _refresh(task: Task, write: Write, estate: Estate, database: Database, clock: Clock) -> None:
    try:
        read_back(task, write, estate, database, clock)
    except TieoutError as error:
        # The next look at the stream will see it.
        log.warning("target not read again", system=write.stream.system, reason=error.reason)


def _end(
    task: Task, outcome: Outcome, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    with database.write() as connection:
        note(connection, task, estate, _PLANNED, outcome, clock())
    return outcome.state


def _refuse(
    task: Task, refused: Refusal, estate: Estate, database: Database, clock: Clock
) -> CorrectionState:
    with database.write() as connection:
        _note_refusal(connection, task, refused, estate, clock())
    return CorrectionState.DROPPED


def _note_refusal(
    connection: Connection, task: Task, refused: Refusal, estate: Estate, now: datetime
) -> None:
    outcome = Outcome(CorrectionState.DROPPED, f"Nothing was written: {refused.why}.")
    if note(connection, task, estate, _PLANNED, outcome, now, detail={"guard": refused.guard}):
        replace_refusals(connection, [task.correction.fingerprint], [refused], now)


def _about(task: Task, guard: Guard, why: str) -> Refusal:
    return Refusal(guard, f"{task.correction.break_id}: {why}", task.correction.fingerprint)
