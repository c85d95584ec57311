"""What every ticket says, whatever desk holds it: a description that follows, and notes."""

import base64
from typing import NamedTuple

from alerts.escaping import cut, one_line
from alerts.incident_text import text_of
from alerts.news import news_of
from alerts.render import instant, words
from monitor.core.incidents import EventKind, IncidentState, Message, Told

MAX_NOTE = 3_500


class Note(NamedTuple):
    """What happened since the ticket was last written to.

    Attributes:
        text: one line a step; empty where nobody has to hear of it.
        mark: by which the note is found again: how much of the history it covers.
    """

    text: str
    mark: str


def basic(user: str, secret: str) -> str:
    """The header value by which a user and a secret get in (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def name_of(prefix: str, message: Message) -> str:
    """By which a desk finds the incident's ticket again: the same for all that is told of it."""
    return f"{prefix}-incident-{message.incident.id}"


def is_over(message: Message) -> bool:
    """Whether the ticket is to be closed."""
    return message.incident.state is IncidentState.RESOLVED


def came_back(message: Message, told: Told | None) -> bool:
    """Whether it was closed when it was last written to, and is not any more."""
    since = message.history[told.events :] if told is not None else ()
    return any(each.kind is EventKind.REOPENED for each in since)


def description_of(message: Message, limit: int) -> str:
    """All that is known, as plain text; what is too long is cut at the end of a line."""
    text = text_of(message)
    return text if len(text) <= limit else text[: limit - 2].rpartition("\n")[0] + "\n…"


def note_of(message: Message, told: Told | None) -> Note:
    """What somebody has to hear of and has not heard of."""
    lines = [
        f"{instant(each.at)} {words(each.kind)}: {one_line(each.why)}"
        for each in (news_of(message, told) if told is not None else ())
    ]
    return Note(cut("\n".join(lines), MAX_NOTE), f"{message.key}, step {len(message.history)}")
