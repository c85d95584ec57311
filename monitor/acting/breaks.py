"""Acts on breaks: set them aside with a reason and an end, and hear of them again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from monitor.acting.asked import Asked
from monitor.core.breaks import LIVE_STATES, Break
from monitor.core.errors import Permanent, Reason
from monitor.core.ignores import Decision, Pattern
from monitor.core.showing import show_count, show_minute
from monitor.ignoring import decide, withdraw
from monitor.store.breaks import find_break

MOST_DAYS: Final = 90
"""For how long somebody may set a break aside from elsewhere than the command line."""

MOST_AT_ONCE: Final = 100
"""Breaks that one act is about."""


def ignore_breaks(asked: Asked) -> str:
    """Nobody hears of these breaks for some days, as they stand now."""
    names = asked.shown.breaks
    if not 0 < len(names) <= MOST_AT_ONCE:
        raise Permanent(f"choose 1 to {MOST_AT_ONCE} breaks", reason=Reason.REFUSED)
    with asked.database.read() as connection:
        found = [find_break(connection, name) for name in names]
    standing = [each for each in found if each is not None and each.state in LIVE_STATES]
    if len(standing) < len(names):
        gone = show_count(len(names) - len(standing), "break")
        raise Permanent(f"meanwhile {gone} of those no longer stand", reason=Reason.CONFLICT)
    return set_aside(asked, standing)


def hear_again(asked: Asked) -> str:
    """End an ignore before its time."""
    if not asked.reason.strip():
        raise Permanent("to hear of them again needs a reason", reason=Reason.REFUSED)
    number, name, why = asked.shown.ignore, asked.person.name, asked.reason.strip()
    withdraw(asked.estate, asked.database, number, name, why, asked.clock)
    return f"Ignore {number} has ended: what it covered and still stands is heard again."


def set_aside(asked: Asked, named: Sequence[Break]) -> str:
    """Nobody hears of these breaks until the end that was asked for.

    Raises:
        Permanent: no reason or end is given, or the end is too far away.
        Transient: the store failed.
    """
    reason, until, now = asked.reason.strip(), asked.until, asked.clock()
    if not reason or until is None or not now < until <= now + timedelta(days=MOST_DAYS):
        raise Permanent("an ignore needs a reason and an end", reason=Reason.REFUSED)
    decision = Decision(asked.person.name, reason, until, Pattern())
    made = decide(asked.estate, asked.database, decision, named, asked.clock)
    count = show_count(len(named), "break")
    return f"Nobody hears of {count} until {show_minute(until)} UTC (ignore {made.ignore.id})."
