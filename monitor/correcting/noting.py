"""Note: one step of a correction, and all that follows from it, in one transaction.

The break's own state, the target's breaker, the claim on the record and the audit log go with the
step or not at all.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from monitor.core.breaks import BreakState
from monitor.core.corrections import CorrectionState
from monitor.core.lifecycle import end_correcting
from monitor.correcting.judging import Outcome
from monitor.correcting.task import Task
from monitor.estate import Estate
from monitor.store import breakers, breaks
from monitor.store.audit import append_audit
from monitor.store.corrections import move_correction
from monitor.store.database import Connection
from monitor.store.turns import pass_turn

MAX_ANSWER = 2_000
"""Characters that are kept of what a target said."""

OPEN_OUTCOMES = frozenset({CorrectionState.INTENDED, CorrectionState.UNKNOWN})
"""Where a write may have had an effect that nobody has noted."""

_FAILURES = frozenset({CorrectionState.FAILED, CorrectionState.UNKNOWN, CorrectionState.DIFFERENT})
_UNRESOLVED = _FAILURES - {CorrectionState.UNKNOWN} | {
    CorrectionState.STALE,
    CorrectionState.DROPPED,
    CorrectionState.NEEDLESS,
}
"""Ends after which the break stands as it did."""


def note(
    connection: Connection,
    task: Task,
    estate: Estate,
    before: Collection[CorrectionState],
    outcome: Outcome,
    now: datetime,
    *,
    detail: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    counts: bool = True,
) -> bool:
    """Take a step of a correction, unless somebody else took one.

    Args:
        connection: a write transaction.
        task: the correction.
        estate: for the breaker's settings.
        before: states from which the step may be taken.
        outcome: where it leads, and why.
        now: the present.
        detail: what the audit log is told beside that.
        changes: further columns of the correction.
        counts: whether a failure speaks against the target.

    Returns:
        Whether the step was taken; if not, nothing happened.
    """
    number, answer = task.entry.id, outcome.receipt.answer[:MAX_ANSWER]
    named = {
        name: value
        for name, value in (
            ("native_id", outcome.receipt.native_id),
            ("reference", outcome.receipt.reference),
        )
        if value
    }
    taken = move_correction(
        connection,
        number,
        before,
        outcome.state,
        who=task.who,
        why=outcome.why,
        at=now,
        answer=answer,
        **{"reason": outcome.why, **named, **(changes or {})},
    )
    if not taken:
        return False
    if task.entry.system and counts:
        _note_at_target(connection, task, estate, outcome.state, now)
    if outcome.state in _UNRESOLVED:
        return_break(connection, task, outcome.why, now)
    append_audit(
        connection,
        at=now,
        who=task.who,
        action=f"correction {outcome.state.value.replace('_', ' ')}",
        subject=f"correction {number}",
        detail={
            "plan": task.plan.hash,
            "break": task.correction.fingerprint,
            "deal": task.correction.transaction,
            "rule": task.correction.rule,
            "fix": task.correction.fix.value,
            "target": task.entry.target,
            "why": outcome.why,
            "failure": "" if outcome.reason is None else outcome.reason.value,
            "answer": answer,
            **named,
            **(detail or {}),
        },
    )
    return True


def return_break(connection: Connection, task: Task, why: str, now: datetime) -> None:
    """The correction did not resolve the break: it is open again."""
    standing = breaks.find_break(connection, task.correction.fingerprint)
    if standing is None or standing.state is not BreakState.CORRECTING:
        return
    step = end_correcting(standing, why, now)
    if step is not None:
        # A cycle that is at work has read the break as it was.
        pass_turn(connection, standing.finding.flow)
        breaks.apply_transitions(connection, [step], task.who)


def _note_at_target(
    connection: Connection, task: Task, estate: Estate, state: CorrectionState, now: datetime
) -> None:
    if state is CorrectionState.VERIFIED:
        breakers.note_success(connection, task.entry.system)
    elif state in _FAILURES:
        breakers.note_failure(connection, task.entry.system, estate.corrections.breaker, now)
