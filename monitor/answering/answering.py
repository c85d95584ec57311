"""Answer: one thing that somebody said is taken once, checked, done, and answered in words."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from monitor.acting.acts import ACTS, note_refusal
from monitor.acting.asked import Asked, Shown
from monitor.acting.breaks import MOST_DAYS
from monitor.acting.incidents import standing_breaks_of
from monitor.answering.commands import obey
from monitor.core.answers import Act, Command, Filled, Form, Said
from monitor.core.clock import Clock
from monitor.core.errors import Permanent, TieoutError
from monitor.core.people import Permission, Person, Verdict, may
from monitor.estate import Estate
from monitor.store.answered import take_once
from monitor.store.database import Database

log = structlog.get_logger(__name__)

WHERE: Final = "in Slack"
"""What the audit log gives as the reason of a decision for which nobody was asked one."""


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
    permission = Permission.READ if isinstance(said, Command) else ACTS[said.press.act].permission
    verdict = may(person, permission)
    if verdict.is_allowed and person is not None and not isinstance(said, Command):
        verdict = _is_theirs(person)
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


def _is_theirs(person: Person) -> Verdict:
    """Incidents and plans are about whatever breaks alike, whosever it is."""
    why = "what is done here is about all companies and regions, and you see some of them"
    return Verdict(True) if person.sees_everything else Verdict(False, why)


def _do(estate: Estate, database: Database, said: Said, person: Person, clock: Clock) -> str | Form:
    if isinstance(said, Command):
        return obey(said.text, person, estate, database, clock)
    press = said.press
    shown = Shown(incident=press.incident, holder=press.holder, plan=press.plan)
    asked = Asked(estate, database, clock, person, shown, WHERE)
    if isinstance(said, Filled):
        # What nobody can mean has no end at all.
        until = clock() + timedelta(days=said.days) if 0 < said.days <= MOST_DAYS else None
        return ACTS[press.act].deed(replace(asked, reason=said.reason, until=until))
    if press.act is Act.IGNORE:
        # Breaks are set aside with a reason and an end, or not at all.
        standing_breaks_of(asked)
        return Form(press)
    chosen = estate.people.in_slack(said.chosen) if said.chosen else None
    until = clock() + timedelta(hours=press.hours) if press.act is Act.SNOOZE else None
    return ACTS[press.act].deed(replace(asked, chosen=chosen, until=until))


def _note_refusal(
    database: Database, said: Said, person: Person | None, why: str, clock: Clock
) -> None:
    who = f"slack:{said.member}" if person is None else person.name
    act = "command" if isinstance(said, Command) else said.press.act.value
    subject = "slack" if isinstance(said, Command) else f"incident {said.press.incident}"
    with database.write() as connection:
        note_refusal(connection, clock(), who, act, subject, why, "refused_in_slack")
