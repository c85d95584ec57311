"""Act: what each button does, who may press it, and what is checked as it is pressed.

A button shows what stood when it was drawn. Where that is no longer so, nothing is done and
whoever pressed it hears who did what in the meantime.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from monitor.core.answers import Act, Form, Press
from monitor.core.breaks import Break
from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.ignores import Decision, Pattern
from monitor.core.incidents import Incident
from monitor.core.people import Permission, Person
from monitor.core.showing import show_minute
from monitor.correcting.approving import Answer, approve, reject
from monitor.estate import Estate
from monitor.ignoring import decide
from monitor.incidents import handling
from monitor.store import tellings
from monitor.store.database import Database
from monitor.store.incident_contents import breaks_of
from monitor.store.incidents import load_incident

MOST_DAYS: Final = 90
"""For how long somebody may set a break aside from elsewhere than the command line."""

WHERE: Final = "in Slack"
"""What the audit log gives as the reason of a decision for which nobody was asked one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A button as somebody pressed it.

    Attributes:
        person: who.
        press: the button.
        chosen: whom they chose with it; None where nobody, or somebody unknown.
    """

    estate: Estate
    database: Database
    clock: Clock
    person: Person
    press: Press
    chosen: Person | None = None

    @property
    def lasts(self) -> timedelta:
        """How long it holds that somebody looks after the incident."""
        return self.estate.incidents.acknowledged_for


Deed = Callable[[Asked], str | Form]
"""Does it and says what came of it, or says what has to be asked first; raises `Permanent` with the
reason where it may not be."""


def acknowledge(asked: Asked) -> str:
    """Whoever presses it looks after the incident."""
    _check_holder(asked)
    press, name = asked.press, asked.person.name
    done = handling.acknowledge(asked.database, press.incident, name, asked.lasts, asked.clock)
    return f"You look after incident {done.id} until {_until(done)}."


def snooze(asked: Asked) -> str:
    """The incident waits, and whoever pressed it looks after it."""
    _check_holder(asked)
    until = asked.clock() + timedelta(hours=asked.press.hours)
    number, name = asked.press.incident, asked.person.name
    done = handling.snooze(asked.database, number, name, until, asked.clock)
    return f"Incident {done.id} waits until {_until(done)}; you look after it."


def assign(asked: Asked) -> str:
    """Somebody else shall look after it."""
    if asked.chosen is None:
        raise Permanent("tieout does not know whom you chose", reason=Reason.REFUSED)
    _check_holder(asked)
    number, to, name = asked.press.incident, asked.chosen.name, asked.person.name
    done = handling.assign(asked.database, number, to, name, asked.lasts, asked.clock)
    return f"{done.acknowledged_by} looks after incident {done.id} until {_until(done)}."


def release(asked: Asked) -> str:
    """Nobody looks after it any more."""
    _check_holder(asked)
    number = asked.press.incident
    done = handling.release(asked.database, number, asked.person.name, asked.clock)
    return f"Nobody looks after incident {done.id} now."


def ask_to_ignore(asked: Asked) -> Form:
    """Breaks are set aside with a reason and an end, or not at all."""
    _breaks_of(asked)
    return Form(asked.press)


def ignore(asked: Asked, reason: str, days: int) -> str:
    """Nobody hears of the incident's breaks for some days, as they stand now.

    Raises:
        Permanent: none of them stands any more, or no reason or end is given.
        Transient: the store failed.
    """
    if not reason.strip() or not 0 < days <= MOST_DAYS:
        raise Permanent("an ignore needs a reason and an end", reason=Reason.REFUSED)
    named = _breaks_of(asked)
    until = asked.clock() + timedelta(days=days)
    decision = Decision(asked.person.name, reason.strip(), until, Pattern())
    made = decide(asked.estate, asked.database, decision, named, asked.clock)
    count = f"{len(named)} break{'' if len(named) == 1 else 's'}"
    return f"Nobody hears of {count} until {show_minute(until)} UTC (ignore {made.ignore.id})."


def _breaks_of(asked: Asked) -> list[Break]:
    with asked.database.read() as connection:
        standing, _ = breaks_of(connection, asked.press.incident)
    if not standing:
        raise Permanent("no break of it stands any more", reason=Reason.CONFLICT)
    return standing


def approve_plan(asked: Asked) -> str:
    """Say yes to the plan that was shown."""
    return _say(asked, approve)


def reject_plan(asked: Asked) -> str:
    """Say no to it."""
    return _say(asked, reject)


ACTS: Mapping[Act, tuple[Permission, Deed]] = {
    Act.ACKNOWLEDGE: (Permission.HANDLE, acknowledge),
    Act.SNOOZE: (Permission.HANDLE, snooze),
    Act.ASSIGN: (Permission.HANDLE, assign),
    Act.RELEASE: (Permission.HANDLE, release),
    Act.IGNORE: (Permission.IGNORE, ask_to_ignore),
    Act.APPROVE: (Permission.DECIDE, approve_plan),
    Act.REJECT: (Permission.DECIDE, reject_plan),
}
"""What each button needs and does; a button that is not here does nothing."""


def _check_holder(asked: Asked) -> None:
    """Whoever looks after it is whom the button showed.

    Raises:
        Permanent: somebody else has come or gone since; says who.
    """
    with asked.database.read() as connection:
        known = load_incident(connection, asked.press.incident)
    if known is None:
        raise Permanent("there is no such incident", reason=Reason.NOT_FOUND)
    if known.acknowledged_by not in (asked.press.holder, asked.person.name):
        holder = known.acknowledged_by
        now = f"{holder} looks after it until {_until(known)}" if holder else "nobody does now"
        raise Permanent(f"meanwhile that has changed: {now}", reason=Reason.CONFLICT)


def _say(asked: Asked, speak: Callable[..., Answer]) -> str:
    name, plan = asked.person.name, asked.press.plan
    answer = speak(asked.estate, asked.database, plan, name, WHERE, asked.clock)
    with asked.database.write() as connection:
        # The plan ends by some refusals too, so the message is drawn anew in any case.
        tellings.mark_behind(connection, asked.press.incident, asked.clock())
    if answer.refusals:
        why = "; ".join(each.why for each in answer.refusals)
        raise Permanent(why, reason=Reason.REFUSED)
    lacking = f" It still needs {' and '.join(answer.lacking)}." if answer.lacking else ""
    return f"Plan {answer.plan[:12]} is {answer.state.value}.{lacking}"


def _until(incident: Incident) -> str:
    return f"{show_minute(incident.acknowledged_until)} UTC"
