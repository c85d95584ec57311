"""An incident's circumstances as short passages: where it is stuck, why, what would repair it."""

from collections.abc import Iterator
from typing import NamedTuple

from alerts.escaping import cut, one_line
from alerts.incident_facts import is_about_one
from alerts.render import instant, money
from monitor.core.circumstances import Cause, HopState, Proposal, Step
from monitor.core.incidents import IncidentState, Message

MAX_LINE = 300
MAX_LINES = 12
"""Lines of one passage; a longer way is told from its end, where it is stuck."""

_SIGNS = {
    HopState.DONE: "✓",
    HopState.AWAITED: "○",
    HopState.LATE: "◐",
    HopState.MISSING: "✗",
    HopState.NOT_STARTED: "·",
    HopState.UNKNOWN: "?",
}
_WORDS = {
    HopState.AWAITED: "awaited",
    HopState.LATE: "late",
    HopState.MISSING: "missing",
    HopState.NOT_STARTED: "not started",
    HopState.UNKNOWN: "unknown: it cannot be seen",
}


class Passage(NamedTuple):
    """A heading of our own words, and lines of plain text in which records may have their say."""

    heading: str
    lines: tuple[str, ...]


class Address(NamedTuple):
    """A link and what it is called."""

    name: str
    url: str


def passages_of(message: Message) -> tuple[Passage, ...]:
    """What is known beside the facts; of one that is over, only the way that its deal took."""
    known = message.circumstances
    is_over = message.incident.state is IncidentState.RESOLVED
    way = () if is_over and message.ever > 1 else _end_of(known.way)
    deal = one_line(known.deal)
    where = f"Where {deal} is" if message.standing <= 1 else f"Where {deal}, the worst of them, is"
    found = [Passage(where, tuple(map(_step, way)))]
    if not is_over:
        found.append(Passage("Why", tuple(_cause(known.cause))))
        if known.proposal is not None:
            found.append(Passage("Proposed repair", tuple(_proposal(known.proposal))))
        elif known.cause.remedy:
            found.append(Passage("What to do", (known.cause.remedy,)))
    cut_short = (
        Passage(
            cut(each.heading, MAX_LINE), tuple(cut(one_line(it), MAX_LINE) for it in each.lines)
        )
        for each in found
    )
    return tuple(each for each in cut_short if each.lines)


def addresses_of(message: Message) -> tuple[Address, ...]:
    """Where to look further: the page, the plan, the dashboard, the runbook."""
    known = message.circumstances
    is_one_deal = is_about_one(message) and bool(known.deal)
    found = (
        Address("Open the deal" if is_one_deal else "Open the page", message.link),
        Address("Plan", known.proposal.link if known.proposal is not None else ""),
        Address("Dashboard", known.dashboard),
        Address("Runbook", known.runbook),
    )
    return tuple(each for each in found if each.url)


def _end_of(way: tuple[Step, ...]) -> tuple[Step, ...]:
    return way[-MAX_LINES:]


def _step(step: Step) -> str:
    """`✓ CRM deals D-17 · 2026-11-20 08:05 UTC`."""
    at = "" if step.at is None else instant(step.at)
    if step.state is HopState.DONE:
        said = " · ".join(part for part in (f"{step.place} {step.record}".strip(), at) if part)
    else:
        since = f" since {at}" if at and step.state in (HopState.LATE, HopState.MISSING) else ""
        is_wrong = bool(step.record) and step.state is HopState.MISSING
        word = "not as it must be" if is_wrong else _WORDS[step.state]
        said = f"{f'{step.place} {step.record}'.strip()} · {word}{since}"
    return f"{_SIGNS[step.state]} {said}"


def _cause(cause: Cause) -> Iterator[str]:
    if cause.likely:
        yield cause.likely
    if cause.shared:
        yield f"Shared beyond chance: {cause.shared}."


def _proposal(proposal: Proposal) -> Iterator[str]:
    yield from proposal.changes
    if proposal.others:
        yield f"… and {proposal.others} corrections of other incidents in the same plan"
    sums = ", ".join(
        f"{money(value)} {code}".strip() for code, value in sorted(proposal.at_stake.items())
    )
    yield f"Plan {proposal.plan} is {proposal.state}" + (f"; {sums} at stake." if sums else ".")
    if proposal.state == "proposed":
        who = ", ".join(proposal.approvers) or "nobody: the landscape names no approver for it"
        yield f"May approve until {instant(proposal.expires_at)}: {who}"
