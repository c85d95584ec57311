"""Doors: each act on the page, where its form is sent, and what the form is about."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from fastapi import HTTPException

from monitor.acting.acts import ACTS
from monitor.acting.asked import Shown
from monitor.core.answers import Act
from monitor.core.people import Permission
from monitor.web.asked import LARGEST_NUMBER
from monitor.web.forms import Form

Subject = Callable[[str, Form], Shown]
"""What a form is about, by the name in its address and what it carries."""


class Door(NamedTuple):
    """An act on the page.

    Attributes:
        path: where its form is sent; `{name}` is what it is about.
        act: what is done.
        subject: what it is about.
        back: the page that is shown when it is done.
    """

    path: str
    act: Act
    subject: Subject
    back: str


def _incident(name: str, form: Form) -> Shown:
    return Shown(incident=read_number(name), holder=form.text("holder"))


def _plan(name: str, form: Form) -> Shown:
    if form.text("plan") != name:
        raise HTTPException(400, "the form is about another plan than its address")
    return Shown(plan=name)


def _breaks(_name: str, form: Form) -> Shown:
    return Shown(breaks=tuple(form.texts("break")))


def _correction(name: str, _form: Form) -> Shown:
    return Shown(correction=read_number(name))


def _ignore(name: str, _form: Form) -> Shown:
    return Shown(ignore=read_number(name))


def _report(name: str, _form: Form) -> Shown:
    return Shown(report=read_number(name))


def _pair(_name: str, form: Form) -> Shown:
    return Shown(pair=(form.text("left"), form.text("right")))


def _nothing(_name: str, _form: Form) -> Shown:
    return Shown()


DOORS: Final = (
    Door("/incidents/{name}/acknowledge", Act.ACKNOWLEDGE, _incident, "/incidents/{name}"),
    Door("/incidents/{name}/snooze", Act.SNOOZE, _incident, "/incidents/{name}"),
    Door("/incidents/{name}/assign", Act.ASSIGN, _incident, "/incidents/{name}"),
    Door("/incidents/{name}/release", Act.RELEASE, _incident, "/incidents/{name}"),
    Door("/incidents/{name}/ignore", Act.IGNORE, _incident, "/incidents/{name}"),
    Door("/breaks/ignore", Act.IGNORE_BREAKS, _breaks, "/breaks"),
    Door("/ignores/{name}/end", Act.HEAR_AGAIN, _ignore, "/breaks"),
    Door("/plans/{name}/approve", Act.APPROVE, _plan, "/plans/{name}"),
    Door("/plans/{name}/reject", Act.REJECT, _plan, "/plans/{name}"),
    Door("/corrections/{name}/undo", Act.UNDO, _correction, "/plans"),
    Door("/corrections/halt", Act.HALT, _nothing, "/plans"),
    Door("/corrections/resume", Act.RESUME, _nothing, "/plans"),
    Door("/duplicates/same", Act.CALL_SAME, _pair, "/duplicates"),
    Door("/duplicates/different", Act.CALL_DIFFERENT, _pair, "/duplicates"),
    Door("/reports/{name}/prepare", Act.PREPARE, _report, "/reports/{name}"),
    Door("/reports/{name}/review", Act.REVIEW, _report, "/reports/{name}"),
)
"""Every act on the page; who may is said in the one table of acts."""

MANY: Final = "/incidents/acknowledge"
"""Where people look after several incidents at once."""


def permissions_of_doors() -> dict[str, Permission]:
    """What each route that acts needs, as the one table of acts has it."""
    found = {f"POST {door.path}": ACTS[door.act].permission for door in DOORS}
    return {**found, f"POST {MANY}": ACTS[Act.ACKNOWLEDGE].permission}


def read_number(text: str) -> int:
    """A number that some store could have given.

    Raises:
        HTTPException: it is none.
    """
    number = read_count(text, LARGEST_NUMBER)
    if not number:
        raise HTTPException(404, "there is none of that name")
    return number


def read_count(text: str, most: int) -> int:
    """A whole number from 1 to `most`; 0 for everything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return 0
    return int(text) if int(text) <= most else 0


DONE: Final[Mapping[str, str]] = {
    Act.ACKNOWLEDGE: "You look after it.",
    Act.SNOOZE: "It waits, and you look after it.",
    Act.ASSIGN: "It was given away.",
    Act.RELEASE: "Nobody looks after it now.",
    Act.IGNORE: "Nobody hears of its breaks until then.",
    Act.IGNORE_BREAKS: "Nobody hears of these breaks until then.",
    Act.HEAR_AGAIN: "What it covered and still stands is heard again.",
    Act.APPROVE: "Your yes was noted.",
    Act.REJECT: "Your no was noted, which ends the plan.",
    Act.UNDO: "A plan that takes it back waits for somebody else's yes.",
    Act.HALT: "All corrections are stopped.",
    Act.RESUME: "Corrections go on.",
    Act.CALL_SAME: "Remembered: they are the same.",
    Act.CALL_DIFFERENT: "Remembered: they are different.",
    Act.PREPARE: "You have signed as preparer.",
    Act.REVIEW: "You have signed as reviewer.",
}
"""What the page that follows says; nothing that an address carries is repeated there."""
