"""Acts on corrections: say yes or no to a plan, ask for an undoing, stop everything, go on."""

from monitor.acting.asked import Asked
from monitor.core.corrections import PlanState
from monitor.core.errors import Permanent, Reason
from monitor.core.showing import show_minute
from monitor.correcting import halting
from monitor.correcting.approving import Saying, approve, reject
from monitor.correcting.keeping import keep_draft
from monitor.correcting.undoing import draft_undo
from monitor.store import tellings

_HASH = 64
"""Digits of a whole hash: what people decide about is never named by its start alone."""


def approve_plan(asked: Asked) -> str:
    """Say yes to the plan that was shown."""
    return _say(asked, approve)


def reject_plan(asked: Asked) -> str:
    """Say no to it; whoever asked for it withdraws it so."""
    return _say(asked, reject)


def undo_correction(asked: Asked) -> str:
    """Ask for a plan that takes a correction back; somebody else approves it."""
    number, name = asked.shown.correction, asked.person.name
    draft = draft_undo(asked.estate, asked.database, number, name, asked.clock)
    kept = keep_draft(draft, asked.database, asked.clock)
    if kept.state is not PlanState.PROPOSED:
        why = "; ".join(each.why for each in kept.refusals) or "it was asked for before"
        raise Permanent(f"correction {number} stays: {why}", reason=Reason.REFUSED)
    name = kept.plan.hash[:12]
    return f"Plan {name} takes correction {number} back as soon as somebody else approves it."


def halt_corrections(asked: Asked) -> str:
    """Stop every correction at once, in all processes."""
    made = halting.halt(asked.database, asked.person.name, _reason(asked), asked.clock)
    return f"All corrections are stopped since {show_minute(made.at)} UTC by {made.who}."


def resume_corrections(asked: Asked) -> str:
    """Let corrections go on."""
    ended = halting.resume(asked.database, asked.person.name, _reason(asked), asked.clock)
    if ended is None:
        raise Permanent("nothing is stopped now", reason=Reason.CONFLICT)
    return f"Corrections go on; {ended.who} had stopped them: {ended.why}"


def _reason(asked: Asked) -> str:
    if not asked.reason.strip():
        raise Permanent("this needs a reason", reason=Reason.REFUSED)
    return asked.reason.strip()


def _say(asked: Asked, speak: Saying) -> str:
    plan, incident = asked.shown.plan, asked.shown.incident
    if len(plan) != _HASH:
        raise Permanent("the plan is not named by its whole hash", reason=Reason.REFUSED)
    answer = speak(asked.estate, asked.database, plan, asked.person.name, asked.why, asked.clock)
    if incident:
        with asked.database.write() as connection:
            # The plan ends by some refusals too, so the message is drawn anew in any case.
            tellings.mark_behind(connection, incident, asked.clock())
    if answer.refusals:
        why = "; ".join(each.why for each in answer.refusals)
        raise Permanent(why, reason=Reason.REFUSED)
    lacking = f" It still needs {' and '.join(answer.lacking)}." if answer.lacking else ""
    return f"Plan {answer.plan[:12]} is {answer.state.value}.{lacking}"
