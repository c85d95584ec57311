"""What follows from looking at a write's target: pure decisions, each with its reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.corrections import CorrectionState
from monitor.core.errors import UNSENT, Permanent, Reason, TieoutError
from monitor.core.model import Record
from monitor.core.writing import Operation, Receipt, Write

FIRST_LOOK = timedelta(seconds=5)
"""How soon a write of unknown outcome is looked for; then after twice the time that has passed."""

LONGEST_WAIT = timedelta(minutes=5)
"""Between two looks while the outcome is not known."""

RAREST_LOOK = timedelta(hours=1)
"""Between two looks once a write was given up, and may still arrive."""

NO_RECEIPT = Receipt()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a correction comes to, and why.

    Attributes:
        state: from now on.
        why: one sentence for a person.
        receipt: what the system answered; empty where it did not.
        reason: of a failure.
    """

    state: CorrectionState
    why: str
    receipt: Receipt = NO_RECEIPT
    reason: Reason | None = None


def before_writing(write: Write, now: Record | None) -> Outcome | None:
    """Why nothing is written, if the target is not as planned; None where it is."""
    here = None if now is None or now.deleted else now
    match write.operation:
        case Operation.CREATE:
            if here is not None:
                return _needless("a record with this key exists already")
        case Operation.UPDATE | Operation.DELETE | Operation.REPLAY:
            return _before_change(write, here)
        case Operation.TRIGGER:
            if write.version and (here is None or here.version != write.version):
                return _stale("what the flow was to start from has changed since the plan")
    return None


def _before_change(write: Write, here: Record | None) -> Outcome | None:
    if write.operation is Operation.UPDATE and here is not None and is_as_intended(write, here):
        return _needless("the record says what it shall say already")
    if here is None and write.operation is Operation.UPDATE:
        return _stale("the record is no longer there")
    if here is None:
        return _needless("it is gone already")
    if here.version != write.version:
        return _stale("somebody changed the record after the plan was made")
    return None


def is_as_intended(write: Write, now: Record | None) -> bool:
    """Whether the target is as the write was to leave it, whoever did that.

    What a flow does once it is started is not seen at the target; never true of a trigger.
    """
    here = None if now is None or now.deleted else now
    match write.operation:
        case Operation.CREATE | Operation.UPDATE:
            return here is not None and all(
                here.fields.get(name) == value for name, value in write.after.items()
            )
        case Operation.DELETE | Operation.REPLAY:
            return here is None
        case Operation.TRIGGER:
            return False


def is_untouched(write: Write, now: Record | None) -> bool:
    """Whether the target is as it was before the write."""
    here = None if now is None or now.deleted else now
    if write.operation is Operation.CREATE:
        return here is None
    return here is not None and here.version == write.version


def after_call(error: TieoutError) -> Outcome:
    """What is known of a write whose call failed."""
    what = f"{error.reason.value.replace('_', ' ')}: {error}"
    if isinstance(error, Permanent) and error.reason is Reason.CONFLICT:
        return Outcome(CorrectionState.STALE, f"The target refused: {what}", reason=error.reason)
    if isinstance(error, Permanent):
        return Outcome(CorrectionState.FAILED, f"The target refused: {what}", reason=error.reason)
    if error.reason in UNSENT:
        return Outcome(CorrectionState.FAILED, f"Nothing was written: {what}", reason=error.reason)
    why = f"Whether it was written is not known: {what}"
    return Outcome(CorrectionState.UNKNOWN, why, reason=error.reason)


def after_refusal(write: Write, refused: Outcome, now: Record | None) -> Outcome:
    """What is known of a write that was refused, once its target was looked at.

    Whatever stands between us and the target may send a request a second time when it has lost the
    first one's answer. What it passes on is then the refusal of what had been done already.

    Args:
        write: what was to be written.
        refused: as of `after_call`.
        now: the target as it is.
    """
    if not is_as_intended(write, now):
        return refused
    why = f"It is as intended all the same: the request may have come twice. {refused.why}"
    return Outcome(CorrectionState.APPLIED, why, _receipt_of(now))


def after_giving_up(write: Write, now: Record | None, *, has_effect: bool | None) -> Outcome | None:
    """What is known of a write that was given up, once it was looked for again; None: nothing new.

    Args:
        write: what was to be written.
        now: the target as it is.
        has_effect: as of `while_unknown`.
    """
    if has_effect or is_as_intended(write, now):
        why = "It arrived after it had been given up."
        return Outcome(CorrectionState.APPLIED, why, _receipt_of(now))
    return None


def while_unknown(
    write: Write, now: Record | None, *, has_effect: bool | None, is_patient: bool
) -> Outcome | None:
    """What is known once a write of unknown outcome was looked for; None: nothing yet.

    Args:
        write: what was to be written.
        now: the target as it is.
        has_effect: whether the flow's effect is seen, where one was named; None where none was.
        is_patient: the time has not run out for which it is looked for.
    """
    if has_effect or is_as_intended(write, now):
        why = "It was found done when the target was looked at."
        return Outcome(CorrectionState.APPLIED, why, _receipt_of(now))
    if is_patient:
        return None
    if write.operation is Operation.TRIGGER and has_effect is None:
        return None
    if write.operation is Operation.TRIGGER or is_untouched(write, now):
        why = "It was looked for until the time ran out, and is not there."
        return Outcome(CorrectionState.FAILED, why)
    why = "The record is neither as it was nor as it was to become: somebody has to look."
    return Outcome(CorrectionState.DIFFERENT, why)


def after_reading(
    write: Write, now: Record | None, *, has_effect: bool | None, is_patient: bool
) -> Outcome | None:
    """What reading back says of a write that the target took; None: it may not show yet.

    Args:
        write: what was written.
        now: what the probe reads.
        has_effect: as of `while_unknown`.
        is_patient: the source may show changes late, and still has time.
    """
    if write.operation is Operation.TRIGGER and has_effect is None:
        why = "The flow was started; what it does is for the rules to see."
        return Outcome(CorrectionState.VERIFIED, why)
    if has_effect or (has_effect is None and is_as_intended(write, now)):
        return Outcome(CorrectionState.VERIFIED, "It was read back, and is as intended.")
    if is_patient:
        return None
    why = "It was read back, and is not as intended."
    return Outcome(CorrectionState.DIFFERENT, why)


def next_look(
    intended_at: datetime, allowed: timedelta, now: datetime, longest: timedelta = LONGEST_WAIT
) -> datetime:
    """When to look again: the rarer the longer, and once just when the time is over.

    Args:
        intended_at: from when the time runs.
        allowed: how long it is.
        now: the present.
        longest: time between two looks.
    """
    ends = intended_at + allowed
    later = now + min(max(now - intended_at, FIRST_LOOK), longest)
    return min(later, ends) if now < ends else later


def _receipt_of(now: Record | None) -> Receipt:
    return Receipt(native_id="" if now is None else now.native_id)


def _needless(why: str) -> Outcome:
    return Outcome(CorrectionState.NEEDLESS, f"Nothing was written: {why}.")


def _stale(why: str) -> Outcome:
    return Outcome(CorrectionState.STALE, f"Nothing was written: {why}.", reason=Reason.CONFLICT)
