"""Record values made harmless for the place where they are shown.

Whatever a system stores can end up in a message: line breaks that forge a second line, marks that
turn the reading direction round, Slack's `<!channel>`, links with a false face. Nothing of it
may have an effect.
"""

import re
import unicodedata
from collections.abc import Callable

MAX_VALUE = 4_000
"""Characters of one value that are looked at; what comes after is cut off."""

ELLIPSIS = "…"

_JOINERS = "\u200c\u200d"
"""Invisible, but they belong to words in some scripts, and to emoji."""

_LOOK_ALIKES = {
    "*": "\N{ASTERISK OPERATOR}",
    "~": "\N{TILDE OPERATOR}",
    "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
}
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_EMOJI_COLON = re.compile(r":(?=[\w+'-]+:)")


def one_line(text: str) -> str:
    """The text on one line, without control characters, direction marks and half characters."""
    shown = "".join(_show(character) for character in text[:MAX_VALUE])
    return " ".join(shown.split())


def _show(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cf":
            return character if character in _JOINERS else ""
        case "Cs":
            return "\ufffd"
        case _:
            return character


def escape_slack(text: str) -> str:
    """Slack's three control characters as the entities that it turns back.

    Source: docs.slack.dev, "Formatting message text", section "Escaping text".
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def defuse_mrkdwn(text: str) -> str:
    """One line for Slack's mrkdwn in which nothing is bold, struck, code, emoji or a link.

    Marks are replaced by look-alikes, because mrkdwn knows no way to escape them. An underscore
    inside a word marks nothing there, so names keep theirs.
    """
    return escape_slack(_disarm(text))


def cut_mrkdwn(text: str, limit: int) -> str:
    """The same, ended by an ellipsis if it would be longer than the limit."""
    return cut(_disarm(text), limit, escape_slack)


def _disarm(text: str) -> str:
    line = one_line(text)
    for mark, look_alike in _LOOK_ALIKES.items():
        line = line.replace(mark, look_alike)
    line = _EDGE_UNDERSCORE.sub("\N{FULLWIDTH LOW LINE}", line)
    return _EMOJI_COLON.sub("\N{RATIO}", line)


def keep_text(text: str) -> str:
    """The text itself, for machines: only half characters, which no encoding can carry, go."""
    return cut(text, MAX_VALUE).encode("utf-8", "replace").decode()


def cut(text: str, limit: int, escape: Callable[[str], str] = str) -> str:
    """The escaped text, ended by an ellipsis if it would be longer than the limit.

    Lengths count as JavaScript counts them, where an emoji is two characters, so that no
    receiver finds more than was allowed. An entity is never cut in two.
    """
    if _length(escape(text)) <= limit:
        return escape(text)
    kept: list[str] = []
    room = limit - len(ELLIPSIS)
    for character in text:
        escaped = escape(character)
        room -= _length(escaped)
        if room < 0:
            break
        kept.append(escaped)
    return "".join(kept) + ELLIPSIS


def _length(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
