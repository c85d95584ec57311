"""What is ignored, and what a decision to ignore came to."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from monitor.core.breaks import Break
from monitor.core.ignores import Decided, Ignore, Pattern
from monitor.core.model import encode_value
from monitor.core.showing import show_count, show_minute
from monitor.reports.break_list import BreakList
from monitor.reports.overview import break_as_json, count_and_money, in_order


def money_of(breaks: Sequence[Break]) -> dict[str, Decimal]:
    """Money that depends on breaks, by currency; each transaction once, with its dearest break."""
    dearest: dict[tuple[str, str, str], Decimal] = {}
    for each in breaks:
        found = each.finding
        if found.value_at_risk is not None:
            place = (found.flow, found.transaction, found.currency)
            dearest[place] = max(found.value_at_risk, dearest.get(place, found.value_at_risk))
    sums: dict[str, Decimal] = {}
    for (_, _, currency), value in dearest.items():
        sums[currency] = sums.get(currency, Decimal(0)) + value
    return dict(sorted(sums.items()))


def count_breaks(breaks: Sequence[Break]) -> str:
    """`3 breaks; at risk: 1,200.00 EUR`."""
    return count_and_money(len(breaks), money_of(breaks))


def decided_as_json(done: Decided) -> dict[str, Any]:
    """For machines."""
    return {
        "ignore": done.ignore.id or None,
        "owner": done.ignore.decision.owner,
        "reason": done.ignore.decision.reason,
        "until": encode_value(done.ignore.decision.until),
        "ended_at": encode_value(done.ignore.ended_at),
        "suppressed": [break_as_json(each) for each in in_order(done.fallen_silent)],
        "heard_again": [break_as_json(each) for each in in_order(done.heard_again)],
        "value_at_risk": {code: str(value) for code, value in money_of(done.fallen_silent).items()},
        "unconfirmed": done.unconfirmed,
    }


def tell_decided(done: Decided, *, dry_run: bool) -> Iterator[RenderableType]:
    """For people: what fell silent, what is heard again."""
    ended = done.ignore.ended_at is not None
    if done.fallen_silent:
        yield BreakList(in_order(done.fallen_silent))
    if done.heard_again:
        yield BreakList(in_order(done.heard_again))
    if ended:
        counted = count_breaks(done.heard_again)
        yield Text(f"ignore {done.ignore.id} has ended; heard again: {counted}")
        return
    counted = count_breaks(done.fallen_silent)
    yield Text(
        f"would ignore {counted}" if dry_run else f"ignore {done.ignore.id} covers {counted}"
    )
    if done.unconfirmed:
        waiting = show_count(done.unconfirmed, "suspicion")
        yield Text(f"{waiting} not confirmed yet; what opens will be heard", style="yellow")


def ignore_as_json(each: Ignore, now: datetime) -> dict[str, Any]:
    """For machines."""
    decision = each.decision
    return {
        "id": each.id,
        "in_force": each.is_in_force(now),
        "baseline": decision.is_baseline,
        "owner": decision.owner,
        "reason": decision.reason,
        "made_at": encode_value(each.made_at),
        "until": encode_value(decision.until),
        "pattern": asdict(decision.pattern),
        "named": each.named,
        "ended_at": encode_value(each.ended_at),
        "ended_by": each.ended_by,
        "ended_why": each.ended_why,
    }


def tell_ignore(each: Ignore, now: datetime) -> tuple[str, ...]:
    """Its number, what it covers, who answers for it, until when, and why; for a table."""
    decision = each.decision
    parts = []
    if decision.pattern != Pattern():
        parts.append(str(decision.pattern))
    if each.named:
        parts.append(show_count(each.named, "named break"))
    what = " and ".join(parts) or "nothing"
    if decision.is_baseline:
        what = f"baseline of {show_minute(each.made_at)}: {what}"
    until = show_minute(decision.until) or "somebody ends it"
    if each.ended_at is not None:
        until = f"ended {show_minute(each.ended_at)} by {each.ended_by}: {each.ended_why}"
    elif not each.is_in_force(now):
        until = f"expired {until}"
    return str(each.id), what, decision.owner, until, decision.reason
