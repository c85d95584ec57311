"""When a control looked, and when it did not.

A control has looked as long as every stream that its rules need was looked at without a gap: rules
judge what is there and not what happens, so a deal that did not change needs no new verdict.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.core.model import StreamId
from monitor.store.looks import LookSpan


class Stretch(NamedTuple):
    """A stretch of time."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """From its beginning to its end."""
        return self.until - self.since


class Runs(NamedTuple):
    """When a control ran within a period.

    Attributes:
        stretches: when it looked, in order.
        missed: when it did not for longer than its frequency allows: exceptions of the control.
    """

    stretches: list[Stretch]
    missed: list[Stretch]


def runs_of(
    streams: Collection[StreamId],
    spans: Mapping[StreamId, Sequence[LookSpan]],
    since: datetime,
    until: datetime,
    frequency: timedelta,
) -> Runs:
    """When all of these streams were looked at within a period.

    Args:
        streams: what the control's rules need.
        spans: when each stream was looked at, in order.
        since: when the period begins.
        until: when it ends.
        frequency: how long the control may go without looking.
    """
    seen = [Stretch(since, until)]
    for stream in sorted(streams):
        own = [Stretch(each.seen_from, each.seen_until) for each in spans.get(stream, ())]
        seen = _both(seen, own)
    missed, last = [], since
    for stretch in [*seen, Stretch(until, until)]:
        if stretch.since - last > frequency:
            missed.append(Stretch(last, stretch.since))
        last = stretch.until
    return Runs(seen, missed)


def _both(first: Sequence[Stretch], second: Iterable[Stretch]) -> list[Stretch]:
    """Where stretches of both lie over each other; a single instant counts."""
    common = [
        Stretch(max(one.since, other.since), min(one.until, other.until))
        for other in second
        for one in first
    ]
    return sorted(each for each in common if each.since <= each.until)
