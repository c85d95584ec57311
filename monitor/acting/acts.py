"""Acts: who may do what, in one table for every door, and who was refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from monitor.acting.asked import Asked, Deed
from monitor.acting.breaks import hear_again, ignore_breaks
from monitor.acting.incidents import acknowledge, assign, ignore, release, snooze
from monitor.acting.judgements import (
    call_different,
    call_same,
    sign_as_preparer,
    sign_as_reviewer,
)
from monitor.acting.plans import (
    approve_plan,
    halt_corrections,
    reject_plan,
    resume_corrections,
    undo_correction,
)
from monitor.core.answers import Act
from monitor.core.errors import Permanent
from monitor.core.people import Permission, may
from monitor.store.audit import append_audit
from monitor.store.database import Connection


class Rule(NamedTuple):
    """What an act needs, and what it does."""

    permission: Permission
    deed: Deed


ACTS: Final[Mapping[Act, Rule]] = {
    Act.ACKNOWLEDGE: Rule(Permission.HANDLE, acknowledge),
    Act.SNOOZE: Rule(Permission.HANDLE, snooze),
    Act.ASSIGN: Rule(Permission.HANDLE, assign),
    Act.RELEASE: Rule(Permission.HANDLE, release),
    Act.IGNORE: Rule(Permission.IGNORE, ignore),
    Act.APPROVE: Rule(Permission.DECIDE, approve_plan),
    Act.REJECT: Rule(Permission.DECIDE, reject_plan),
    Act.IGNORE_BREAKS: Rule(Permission.IGNORE, ignore_breaks),
    Act.HEAR_AGAIN: Rule(Permission.IGNORE, hear_again),
    Act.UNDO: Rule(Permission.PROPOSE, undo_correction),
    Act.HALT: Rule(Permission.HALT, halt_corrections),
    Act.RESUME: Rule(Permission.RESUME, resume_corrections),
    Act.CALL_SAME: Rule(Permission.IGNORE, call_same),
    Act.CALL_DIFFERENT: Rule(Permission.IGNORE, call_different),
    Act.PREPARE: Rule(Permission.SIGN_OFF, sign_as_preparer),
    Act.REVIEW: Rule(Permission.SIGN_OFF, sign_as_reviewer),
}
"""Every act there is; what is not here is never done."""


class Outcome(NamedTuple):
    """What came of an act, in words; not done where it was refused."""

    is_done: bool
    told: str


def act(wanted: Act, asked: Asked) -> Outcome:
    """Do what somebody asks for, or note that it was refused and say why.

    Raises:
        Transient: the store or a system failed; nothing was done.
    """
    verdict = may(asked.person, ACTS[wanted].permission)
    try:
        if verdict.is_allowed:
            return Outcome(True, ACTS[wanted].deed(asked))
        why = verdict.why
    except Permanent as refusal:
        why = str(refusal)
    with asked.database.write() as connection:
        who, subject = asked.person.name, subject_of(asked)
        note_refusal(connection, asked.clock(), who, wanted.value, subject, why, "refused_on_page")
    return Outcome(False, why)


def note_refusal(
    connection: Connection,
    now: datetime,
    who: str,
    wanted: str,
    subject: str,
    why: str,
    action: str,
) -> None:
    """Who was refused what stands in the audit log."""
    detail = {"act": wanted, "why": why}
    append_audit(connection, at=now, who=who, action=action, subject=subject, detail=detail)


def subject_of(asked: Asked) -> str:
    """What an act is about, as the audit log calls it."""
    shown = asked.shown
    for kind in ("plan", "incident", "correction", "ignore", "report"):
        if name := getattr(shown, kind):
            return f"{kind} {name}"
    if shown.breaks:
        return f"break {shown.breaks[0]}"
    return " ".join(shown.pair).strip() or "corrections"
