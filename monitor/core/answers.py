"""What people say to tieout from elsewhere: a button pressed beside an incident, or a command."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

MOST_CHARACTERS: Final = 2_000
"""What a button's value holds (docs.slack.dev, "Button element")."""


class Act(StrEnum):
    """What people have done: by a button beside an incident, or on the page."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    ASSIGN = "assign"
    RELEASE = "release"
    IGNORE = "ignore"
    APPROVE = "approve"
    REJECT = "reject"
    IGNORE_BREAKS = "ignore_breaks"
    HEAR_AGAIN = "hear_again"
    UNDO = "undo"
    HALT = "halt"
    RESUME = "resume"
    CALL_SAME = "call_same"
    CALL_DIFFERENT = "call_different"
    PREPARE = "prepare"
    REVIEW = "review"


BUTTONS: Final = (
    Act.ACKNOWLEDGE,
    Act.SNOOZE,
    Act.ASSIGN,
    Act.RELEASE,
    Act.IGNORE,
    Act.APPROVE,
    Act.REJECT,
)
"""What buttons beside an incident do; everything else is done on the page alone."""


class Press(msgspec.Struct, frozen=True, array_like=True):
    """A button, and what was shown when it was drawn.

    Attributes:
        act: what it does.
        incident: number of the incident that it stands beside.
        holder: who looked after the incident then; empty where nobody did.
        plan: hash of the plan that was proposed then, for what decides about it.
        hours: for how long, where that is asked.
    """

    act: Act
    incident: int
    holder: str = ""
    plan: str = ""
    hours: int = 0


def write_press(press: Press) -> str:
    """The button as the text that it carries.

    Raises:
        ValueError: it is longer than a button takes.
    """
    text = msgspec.json.encode(press).decode()
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"a button carries {MOST_CHARACTERS} characters at most")
    return text


def read_press(text: str) -> Press | None:
    """The button that a text stands for; None where it is none of ours."""
    try:
        press = msgspec.json.decode(text, type=Press)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return press if press.act in BUTTONS else None


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody pressed a button.

    Attributes:
        key: tells this click from every other, however often it arrives.
        member: who, by their id where they pressed it.
        press: the button.
        chosen: whom they chose with it, by the same kind of id; empty where nobody.
        reply_to: address that takes an answer for them alone; a secret.
        trigger: by which a form can be shown to them for a few seconds; a secret.
        channel: through which it came; empty where that is not known.
    """

    key: str
    member: str
    press: Press
    chosen: str = ""
    reply_to: str = field(default="", repr=False)
    trigger: str = field(default="", repr=False)
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody typed a command; attributes as of a `Click`, and the text after its name."""

    key: str
    member: str
    text: str
    reply_to: str = field(default="", repr=False)
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """Somebody filled in the form that a button opened; attributes as of a `Click`.

    Attributes:
        reason: why, in their words.
        days: for how long.
    """

    key: str
    member: str
    press: Press
    reason: str
    days: int
    reply_to: str = field(default="", repr=False)
    channel: str = ""


Said = Click | Command | Filled


@dataclass(frozen=True, slots=True)
class Form:
    """What has to be asked before a button can have an effect: a reason, and for how long."""

    press: Press
