"""Silent source: a source that answers, and shows nothing new, or suddenly much less.

A source that cannot be read is blind, and that is told anyway. This watch looks at sources that
answer well, and finds three things:

- for longer than `silent_after`, in working time where a calendar is named, no row was new or had
  changed;
- the last whole day (UTC) brought fewer rows than the same weekday ever does, by the stream's own
  history;
- the whole source, when it was last listed, had shrunk by more than a share.

The history begins with what the first look brings, by the records' own stamps, so that there is
something to compare with from the first day on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Final, Literal

from pydantic import Field

from monitor.core.breaks import BreakKind, Finding
from monitor.core.model import StreamId
from monitor.core.plugins import WatchContext, WorkingTime
from monitor.core.ports import Verdict
from monitor.core.statistics import StreamDay
from monitor.core.streams import Duration
from monitor.core.watches import Survey
from reconcilers.names import find_calendar
from reconcilers.watches.accusation import (
    Accuser,
    HistorySettings,
    StreamsSettings,
    find_streams,
    show_length,
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
quiet:
  check: silent_source
  streams: [erp.invoice]
  silent_after: 9h
  calendar: office
"""

LISTINGS: Final = 28
"""Days of complete listings that say how large a source usually is."""

FEWEST_LISTINGS: Final = 3


class SilentSourceSettings(StreamsSettings, HistorySettings):
    """A source goes on showing as much as it usually does."""

    check: Literal["silent_source"]
    silent_after: Duration | None = None
    """So long may a stream show nothing new; None: only whole days are compared."""
    calendar: str = ""
    """Whose working time counts, and on whose days something is expected; empty: all time."""
    rarer_than: float = Field(default=0.001, gt=0, le=0.05)
    """How improbable a day must be."""
    shrunk_by: float = Field(default=0.5, gt=0, lt=1)
    """Share of its rows that a source must have lost."""


def build(name: str, settings: SilentSourceSettings, context: WatchContext) -> "SilentSource":
    """A watch from its settings.

    Raises:
        ValueError: a stream or the calendar is unknown.
    """
    calendar = find_calendar(context.estate, settings.calendar) if settings.calendar else None
    return SilentSource(
        name=name,
        streams=find_streams(settings, context),
        settings=settings,
        calendar=calendar,
        accuser=Accuser(name, settings, context.estate, BreakKind.SOURCE),
    )


@dataclass(frozen=True, slots=True)
class SilentSource:
    """The check that sources go on speaking; one finding a stream, the gravest."""

    name: str
    streams: tuple[StreamId, ...]
    settings: SilentSourceSettings
    calendar: WorkingTime | None
    accuser: Accuser

    @property
    def needs(self) -> frozenset[StreamId]:
        """No records: sampling has noted what is needed."""
        return frozenset()

    def evaluate(self, survey: Survey) -> Verdict:
        """One finding for each stream that fell silent or small."""
        return verdict_of(self._findings(survey))

    def _findings(self, survey: Survey) -> Iterator[Finding]:
        for stream in self.streams:
            if stream in survey.looked_until:
                found = (
                    self._silent(stream, survey)
                    or self._shrunk(stream, survey)
                    or self._small(stream, survey)
                )
                if found is not None:
                    yield found

    def _silent(self, stream: StreamId, survey: Survey) -> Finding | None:
        profile = survey.statistics.profiles.get(stream)
        allowed = self.settings.silent_after
        if allowed is None or profile is None or profile.last_row_at is None:
            return None
        due = self._after(profile.last_row_at, allowed)
        if due > survey.looked_until[stream]:
            return None
        expected = f"a new or changed row within {show_length(allowed)}"
        actual = f"none since {profile.last_row_at:%Y-%m-%d %H:%M} UTC"
        return self.accuser.accuse(stream, expected, actual, since=due)

    def _after(self, start: datetime, allowed: timedelta) -> datetime:
        return start + allowed if self.calendar is None else self.calendar.add(start, allowed)

    def _shrunk(self, stream: StreamId, survey: Survey) -> Finding | None:
        listed = _listings(survey.statistics.days.get(stream, {}))
        if len(listed) <= FEWEST_LISTINGS:
            return None
        *before, latest = listed[-LISTINGS:]
        usual = median(before)
        if latest > usual * (1 - self.settings.shrunk_by):
            return None
        # In tenths, so that a source that goes on shrinking is not told anew with every row.
        lost = int((1 - latest / usual) * 10) * 10
        return self.accuser.accuse(
            stream, "about as many rows as usual", f"{lost} % fewer rows in all"
        )

    def _small(self, stream: StreamId, survey: Survey) -> Finding | None:
        days = survey.statistics.days.get(stream, {})
        counts = {day: seen.arrived + seen.changed for day, seen in days.items()}
        day = last_day(survey.looked_until[stream])
        history = equal_weekdays(counts, day, self.settings.weeks)
        if len(history) < self.settings.least_weeks or not is_working(day, self.calendar):
            return None
        scale = dispersion(counts, day, self.settings.weeks)
        seen = rarity(counts.get(day, 0), history, scale)
        if seen.as_few >= self.settings.rarer_than:
            return None
        return self.accuser.accuse(
            stream,
            f"about {seen.usual:.0f} new or changed rows on a {day:%A}",
            f"{counts.get(day, 0)} on {day}",
            since=datetime.combine(day, time(), UTC),
        )


def _listings(days: Mapping[date, StreamDay]) -> list[int]:
    return [seen.population for _, seen in sorted(days.items()) if seen.population is not None]
