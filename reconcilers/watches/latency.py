"""Latency: a hand-off that took its deals far longer than it usually does.

The deals that arrived on the last whole day (UTC) are compared, by their median time, with those
of the same weekday in the weeks before, by the firm's own history and robustly. A hand-off that is
allowed two days and always took one hour can be ill long before it is late. A hint: kind `anomaly`,
severity `info`, and nothing is ever corrected because of it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Final, Literal

from pydantic import Field

from monitor.core.breaks import BreakKind, Finding, Severity
from monitor.core.model import StreamId
from monitor.core.plugins import WatchContext
from monitor.core.ports import Verdict
from monitor.core.statistics import Hop, HopDay
from monitor.core.streams import Name
from monitor.core.watches import Survey
from reconcilers.watches.accusation import Accuser, HistorySettings, show_length, verdict_of
from reconcilers.watches.usual import WEEK, deviation, last_day

EXAMPLE = """\
slow:
  check: latency
  flows: [sales-to-cash]
  longer_than: 2
"""

LEAST_SPREAD: Final = math.log(1.1)
"""Times that never vary by more than a tenth are taken to vary by that much."""


class LatencySettings(HistorySettings):
    """A hand-off takes about as long as it usually does."""

    finds = frozenset({BreakKind.ANOMALY})
    check: Literal["latency"]
    severity: Literal[Severity.INFO] = Severity.INFO
    """A hint stays a hint."""
    flows: tuple[Name, ...] = ()
    """Whose hand-offs are looked at; empty: those of all flows."""
    least_deals: int = Field(default=5, ge=1)
    """A day on which fewer deals arrived says nothing."""
    longer_than: float = Field(default=2, ge=1)
    """How many times the usual time it must have taken."""
    deviations: float = Field(default=4, gt=0)
    """And how many robust deviations beyond what is usual, in terms of the times' logarithms."""


def build(name: str, settings: LatencySettings, context: WatchContext) -> "Latency":
    """A watch from its settings.

    Raises:
        ValueError: a flow is unknown.
    """
    for flow in settings.flows:
        if flow not in context.hand_offs:
            raise ValueError(f"unknown flow '{flow}'")
    ends = {
        Hop(flow, hop): to
        for flow, hops in context.hand_offs.items()
        if not settings.flows or flow in settings.flows
        for hop, (_, to) in hops.items()
    }
    accuser = Accuser(name, settings, context.estate, BreakKind.ANOMALY)
    return Latency(name=name, ends=ends, settings=settings, accuser=accuser)


@dataclass(frozen=True, slots=True)
class Latency:
    """The hint that a hand-off is slow; one finding a hand-off.

    Attributes:
        name: in the landscape.
        ends: the stream in which each hand-off arrives.
        settings: as configured.
        accuser: writes the findings.
    """

    name: str
    ends: Mapping[Hop, StreamId]
    settings: LatencySettings
    accuser: Accuser

    @property
    def needs(self) -> frozenset[StreamId]:
        """No records: their times have been measured."""
        return frozenset()

    @property
    def hops(self) -> frozenset[Hop]:
        """The hand-offs to measure."""
        return frozenset(self.ends)

    def evaluate(self, survey: Survey) -> Verdict:
        """One finding for each hand-off that was slow on the last whole day."""
        return verdict_of(self._findings(survey))

    def _findings(self, survey: Survey) -> Iterator[Finding]:
        for hop, to in self.ends.items():
            if to in survey.looked_until:
                day = last_day(survey.looked_until[to])
                found = self._slow(hop, to, day, survey.statistics.hops.get(hop, {}))
                if found is not None:
                    yield found

    def _slow(
        self, hop: Hop, to: StreamId, day: date, days: Mapping[date, HopDay]
    ) -> Finding | None:
        seen = days.get(day)
        before = (days.get(day - number * WEEK) for number in range(1, self.settings.weeks + 1))
        history = [each.typical() for each in before if each is not None]
        if seen is None or seen.transits < self.settings.least_deals:
            return None
        if len(history) < self.settings.least_weeks:
            return None
        usual = timedelta(seconds=median(each.total_seconds() for each in history))
        logs = [math.log(each.total_seconds()) for each in history]
        beyond = math.log(seen.typical() / usual)
        spread = max(deviation(logs), LEAST_SPREAD)
        if beyond < max(math.log(self.settings.longer_than), self.settings.deviations * spread):
            return None
        found = self.accuser.accuse(
            to,
            f"about {show_length(usual)} on a {day:%A}",
            f"about {show_length(seen.typical())} on {day}",
            since=datetime.combine(day, time(), UTC),
        )
        return replace(found, hop=hop.name, transaction=f"hand-off:{hop.flow}/{hop.name}")
