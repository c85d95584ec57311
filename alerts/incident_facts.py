"""What an incident says, as labelled values in reading order."""

from collections.abc import Iterator
from datetime import timedelta

from alerts.escaping import cut, one_line
from alerts.facts import MAX_VALUE, Fact, facts_of
from alerts.render import instant, money
from monitor.core.incidents import CauseKind, EventKind, IncidentState, Message

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def facts_of_incident(message: Message) -> tuple[Fact, ...]:
    """Of one break everything that is known; of several, how many, how much and whose.

    Ten facts at most, each on one line.
    """
    if message.worst is not None and is_about_one(message):
        return facts_of(message.worst)
    sums = ", ".join(f"{money(value)} {code}" for code, value in sorted(message.money.items()))
    streams = ", ".join(f"{stream} since {instant(at)}" for stream, at in message.blind.items())
    counts = _counts(message.standing, message.ever)
    facts = (
        Fact("Breaks", counts),
        Fact("Cannot be seen", streams),
        Fact("At risk", sums.strip()),
        Fact("Owner", ", ".join(message.owners)),
        Fact("Since", instant(message.incident.opened_at)),
    )
    lines = (Fact(fact.label, cut(one_line(fact.value), MAX_VALUE)) for fact in facts)
    return tuple(line for line in lines if line.value)


def _counts(standing: int, ever: int) -> str:
    if not standing:
        return f"{ever}, all gone" if ever else ""
    return f"{standing} stand, of {ever}" if standing < ever else str(standing)


def is_about_one(message: Message) -> bool:
    """Whether one break stands, or one is all there ever was."""
    return (message.standing or message.ever) <= 1


def outcome_of(message: Message) -> str:
    """How it ended and how long it took; else what became of it so far.

    That is what is to be done by hand, what raised it, who looks after it or who else was told
    because nobody does, and who silenced it. Empty where nothing of it is known.
    """
    incident = message.incident
    if incident.merged_into is not None:
        return message.last_said(EventKind.MERGED)
    if incident.cause.kind is CauseKind.SILENCE:
        return message.last_said(EventKind.OPENED)
    if incident.state is IncidentState.RESOLVED and incident.resolved_at is not None:
        why = message.circumstances.repaired_by or message.last_said(EventKind.RESOLVED)
        took = lasting(incident.resolved_at - incident.opened_at)
        return f"Resolved after {took}.{_looked_after_by(message)} {why}".strip()
    return " ".join(_so_far(message))


def _so_far(message: Message) -> Iterator[str]:
    incident = message.incident
    if by_hand := message.last_said(EventKind.HANDED_OVER):
        yield f"By hand: {by_hand}"
    if message.raised_because:
        yield message.raised_because
    if incident.state is IncidentState.ACKNOWLEDGED and incident.acknowledged_until is not None:
        until = instant(incident.acknowledged_until)
        yield f"{incident.acknowledged_by} looks after it until {until}."
    elif message.escalated_to:
        yield message.escalated_to
    if message.silenced_because:
        yield message.silenced_because


def _looked_after_by(message: Message) -> str:
    """Who said so, each once, in order."""
    said = [each.who for each in message.history if each.kind is EventKind.ACKNOWLEDGED]
    who = ", ".join(one_line(each) for each in dict.fromkeys(said))
    return f" {who} looked after it." if who else ""


def lasting(time: timedelta) -> str:
    """A stretch of time in its two largest units: `2 d 3 h`, `45 min`."""
    if time < _HOUR:
        return f"{max(time // _MINUTE, 0)} min" if time >= _MINUTE else "less than a minute"
    if time < _DAY:
        return f"{time // _HOUR} h {time % _HOUR // _MINUTE} min"
    return f"{time // _DAY} d {time % _DAY // _HOUR} h"
