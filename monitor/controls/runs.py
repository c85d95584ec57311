"""When a control looked, and when it did not.

A control has looked as long as every stream that its rules need was looked at, and never longer ago
than its frequency allows: rules judge what is there and not what happens, so a deal that did not
change needs no new verdict.
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
        stretches: when it looked, never longer apart than its frequency allows, in order.
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
        seen = _both(seen, _closed(spans.get(stream, ()), frequency))
    missed, last = [], since
    for stretch in [*seen, Stretch(until, until)]:
        if stretch.since - last > frequency:
            missed.append(Stretch(last, stretch.since))
        last = stretch.until
    return Runs(seen, missed)


def _closed(spans: Sequence[LookSpan], frequency: timedelta) -> list[Stretch]:
    """When a stream was looked at, gaps that its control may have closed."""
    closed: list[Stretch] = []
    for span in spans:
        if closed and span.seen_from - closed[-1].until <= frequency:
            closed[-1] = Stretch(closed[-1].since, max(closed[-1].until, span.seen_until))
        else:
            closed.append(Stretch(span.seen_from, span.seen_until))
    return closed


def _both(first: Sequence[Stretch], second: Iterable[Stretch]) -> list[Stretch]:
    """Where stretches of both lie over each other; a single instant counts."""
    common = [
        Stretch(max(one.since, other.since), min(one.until, other.until))
        for other in second
        for one in first
    ]
    return sorted(each for each in common if each.since <= each.until)
