"""Volume: a day that brought far more, or far fewer, new records than its weekday ever does.

The last whole day (UTC) is compared with the same weekday of the weeks before, by the firm's own
history and robustly: one odd day among them changes nothing. A hint: kind `anomaly`, severity
`info`, and nothing is ever corrected because of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Literal

from pydantic import Field

from monitor.core.breaks import BreakKind, Finding, Severity
from monitor.core.model import StreamId
from monitor.core.plugins import WatchContext, WorkingTime
from monitor.core.ports import Verdict
from monitor.core.watches import Survey
from reconcilers.names import find_calendar
from reconcilers.watches.accusation import (
    Accuser,
    HistorySettings,
    StreamsSettings,
    find_streams,
    verdict_of,
)
from reconcilers.watches.usual import (
    dispersion,
    equal_weekdays,
    is_working,
    last_day,
    rarity,
)

EXAMPLE = """\
odd-days:
  check: volume
  streams: [crm.opportunity, psa.timecard]
"""


class VolumeSettings(StreamsSettings, HistorySettings):
    """A day brings about as many new records as its weekday usually does."""

    finds = frozenset({BreakKind.ANOMALY})
    check: Literal["volume"]
    severity: Literal[Severity.INFO] = Severity.INFO
    """A hint stays a hint."""
    calendar: str = ""
    """On whose days something is expected; empty: on every day."""
    least_usual: int = Field(default=5, ge=0)
    """A weekday that usually brings fewer records is not judged: a single deal makes such a day."""
    rarer_than: float = Field(default=0.0001, gt=0, le=0.05)
    """How improbable a day must be."""


def build(name: str, settings: VolumeSettings, context: WatchContext) -> "Volume":
    """A watch from its settings.

    Raises:
        ValueError: a stream or the calendar is unknown.
    """
    calendar = find_calendar(context.estate, settings.calendar) if settings.calendar else None
    return Volume(
        name=name,
        streams=find_streams(settings, context),
        settings=settings,
        calendar=calendar,
        accuser=Accuser(name, settings, context.estate, BreakKind.ANOMALY),
    )


@dataclass(frozen=True, slots=True)
class Volume:
    """The hint that a day was out of the ordinary; one finding a stream."""

    name: str
    streams: tuple[StreamId, ...]
    settings: VolumeSettings
    calendar: WorkingTime | None
    accuser: Accuser

    @property
    def needs(self) -> frozenset[StreamId]:
        """No records: sampling has noted what is needed."""
        return frozenset()

    def evaluate(self, survey: Survey) -> Verdict:
        """One finding for each stream whose last day is out of the ordinary."""
        return verdict_of(self._findings(survey))

    def _findings(self, survey: Survey) -> Iterator[Finding]:
        for stream in self.streams:
            if stream in survey.looked_until:
                found = self._odd_day(stream, survey)
                if found is not None:
                    yield found

    def _odd_day(self, stream: StreamId, survey: Survey) -> Finding | None:
        days = survey.statistics.days.get(stream, {})
        counts = {day: seen.arrived for day, seen in days.items()}
        day = last_day(survey.looked_until[stream])
        history = equal_weekdays(counts, day, self.settings.weeks)
        if len(history) < self.settings.least_weeks or not is_working(day, self.calendar):
            return None
        scale = dispersion(counts, day, self.settings.weeks)
        seen = rarity(counts.get(day, 0), history, scale)
        is_rare = min(seen.as_few, seen.as_many) < self.settings.rarer_than
        if seen.usual < self.settings.least_usual or not is_rare:
            return None
        return self.accuser.accuse(
            stream,
            f"about {seen.usual:.0f} new records on a {day:%A}",
            f"{counts.get(day, 0)} on {day}",
            since=datetime.combine(day, time(), UTC),
        )
