"""Answer: one thing that somebody said is taken once, checked, done, and answered in words."""

import structlog

from monitor.answering.acting import ACTS, Asked, ignore
from monitor.answering.commands import obey
from monitor.core.answers import Click, Command, Filled, Form, Said
from monitor.core.clock import Clock
from monitor.core.errors import Permanent, TieoutError
from monitor.core.people import Permission, Person, may
from monitor.estate import Estate
from monitor.store.answered import take_once
from monitor.store.audit import append_audit
from monitor.store.database import Database

log = structlog.get_logger(__name__)


def answer(estate: Estate, database: Database, said: Said, clock: Clock) -> str | Form:
    """What whoever said it is told, or has to be asked; empty where the same was taken before.

    It is taken before it is done: a process that dies in between leaves it undone, and the buttons
    as they were, so that somebody sees it and presses again. It is never done twice.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.write() as connection:
        if not take_once(connection, said.key, clock()):
            return ""
    person = estate.people.in_slack(said.member)
    permission = Permission.READ if isinstance(said, Command) else ACTS[said.press.act][0]
    verdict = may(person, permission)
    if person is None or not verdict.is_allowed:
        _note_refusal(database, said, person, verdict.why, clock)
        return f"Nothing was done: {verdict.why}."
    try:
        return _do(estate, database, said, person, clock)
    except Permanent as refusal:
        _note_refusal(database, said, person, str(refusal), clock)
        return f"Nothing was done: {refusal}."
    except TieoutError as failure:
        log.error("what somebody said cannot be done", reason=failure.reason.value)
        return f"It could not be done now: {failure}. Please try again."


def _do(estate: Estate, database: Database, said: Said, person: Person, clock: Clock) -> str | Form:
    match said:
        case Command():
            return obey(said.text, person, estate, database, clock)
        case Click():
            chosen = estate.people.in_slack(said.chosen) if said.chosen else None
            deed = ACTS[said.press.act][1]
            return deed(Asked(estate, database, clock, person, said.press, chosen))
        case Filled():
            asked = Asked(estate, database, clock, person, said.press)
            return ignore(asked, said.reason, said.days)


def _note_refusal(
    database: Database, said: Said, person: Person | None, why: str, clock: Clock
) -> None:
    """Who was refused what stands in the audit log."""
    who = f"slack:{said.member}" if person is None else person.name
    act = "command" if isinstance(said, Command) else said.press.act.value
    subject = "slack" if isinstance(said, Command) else f"incident {said.press.incident}"
    with database.write() as connection:
        append_audit(
            connection,
            at=clock(),
            who=who,
            action="refused_in_slack",
            subject=subject,
            detail={"act": act, "why": why},
        )
