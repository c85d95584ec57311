"""Guards: what speaks against a plan, all of it said, before any of it is done."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from monitor.core.corrections import Guard, Plan, Refusal
from monitor.correcting.guards import extent, leave, sources, times
from monitor.correcting.situation import Situation

Check = Callable[[Plan, Situation], Iterator[Refusal]]

GUARDS: Mapping[Guard, Check] = {
    Guard.KILL_SWITCH: leave.kill_switch,
    Guard.MODE: leave.mode,
    Guard.COUNT: extent.count,
    Guard.SHARE: extent.share,
    Guard.MONEY: extent.money,
    Guard.DAILY: extent.daily,
    Guard.BLIND_SOURCE: sources.blind_source,
    Guard.EMPTY_SOURCE: sources.empty_source,
    Guard.SHRUNKEN_SOURCE: sources.shrunken_source,
    Guard.CLOCK: sources.clock,
    Guard.NOT_ALLOWED_NOW: times.not_allowed_now,
    Guard.DENIED_NOW: times.denied_now,
    Guard.CLOSED_PERIOD: times.closed_period,
    Guard.IN_FLIGHT: leave.in_flight,
    Guard.FIX_LOOP: leave.fix_loop,
    Guard.BREAKER_OPEN: leave.breaker_open,
    Guard.EXPIRED: leave.expired,
    Guard.CHANGED: leave.changed,
    Guard.SELF_APPROVED: leave.self_approved,
    Guard.NOT_APPROVED: leave.not_approved,
}
"""The table. `UNABLE` and `EFFECT_EXISTS` are not in it: they keep a break out of every plan."""


class Moment(StrEnum):
    """When a plan is judged."""

    PROPOSAL = "proposal"
    APPROVAL = "approval"
    APPLICATION = "application"
    WRITE = "write"


_OF_APPROVAL = frozenset({Guard.SELF_APPROVED, Guard.NOT_APPROVED})

ASKED: Mapping[Moment, frozenset[Guard]] = {
    Moment.PROPOSAL: frozenset(GUARDS) - _OF_APPROVAL - {Guard.EXPIRED, Guard.CHANGED},
    Moment.APPROVAL: frozenset(GUARDS) - _OF_APPROVAL,
    Moment.APPLICATION: frozenset(GUARDS),
    Moment.WRITE: frozenset(
        {
            Guard.KILL_SWITCH,
            Guard.NOT_ALLOWED_NOW,
            Guard.DENIED_NOW,
            Guard.BREAKER_OPEN,
            Guard.EXPIRED,
        }
    ),
}
"""Which guards are asked when. `WRITE` is just before each single write: all others were asked when
the plan was claimed; what they look at is bound to its hash, or is looked at again with the target
itself."""

PASSING = frozenset({Guard.NOT_ALLOWED_NOW, Guard.DENIED_NOW})
"""Refusals that pass by themselves: a plan of people may be kept, and wait for its hour."""


def examine(plan: Plan, situation: Situation, moment: Moment) -> tuple[Refusal, ...]:
    """All that speaks against a plan at this moment, in the order of the table."""
    return tuple(
        refusal
        for guard, check in GUARDS.items()
        if guard in ASKED[moment]
        for refusal in check(plan, situation)
    )
