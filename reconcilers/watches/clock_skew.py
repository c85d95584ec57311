"""Clock skew: a system whose clock differs from ours.

Stamps of several systems are compared with one another, and deadlines with the present: a clock
that is wrong makes records late that are not, and hides those that are. A system's clock is read
at every look; one that is not known (files, queues) is not judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from monitor.core.breaks import BreakKind, Finding
from monitor.core.model import StreamId
from monitor.core.plugins import WatchContext
from monitor.core.ports import Verdict
from monitor.core.statistics import ClockReading
from monitor.core.streams import Duration, Name
from monitor.core.watches import Survey, WatchSettings
from reconcilers.watches.accusation import Accuser, show_length, verdict_of

EXAMPLE = """\
clocks:
  check: clock_skew
  tolerance: 30s
"""

STEPS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400)
)
"""In which a difference is stated, so that a clock that drifts on is seldom told anew."""


class ClockSkewSettings(WatchSettings):
    """The systems' clocks agree with ours."""

    check: Literal["clock_skew"]
    systems: tuple[Name, ...] = ()
    """Which are looked at; empty: all of them."""
    tolerance: Duration = timedelta(seconds=30)
    """How far a clock may be ahead or behind; HTTP tells the time in whole seconds."""


def build(name: str, settings: ClockSkewSettings, context: WatchContext) -> "ClockSkew":
    """A watch from its settings.

    Raises:
        ValueError: a system is unknown.
    """
    known = {stream.system for stream in context.estate.entities}
    for system in settings.systems:
        if system not in known:
            raise ValueError(f"unknown system '{system}'")
    return ClockSkew(
        name=name,
        systems=frozenset(settings.systems or known),
        tolerance=settings.tolerance,
        accuser=Accuser(name, settings, context.estate, BreakKind.SOURCE),
    )


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """The check that clocks agree; one finding a system."""

    name: str
    systems: frozenset[str]
    tolerance: timedelta
    accuser: Accuser

    @property
    def needs(self) -> frozenset[StreamId]:
        """No records: sampling has noted what is needed."""
        return frozenset()

    def evaluate(self, survey: Survey) -> Verdict:
        """One finding for each system whose clock is wrong, by its latest reading."""
        return verdict_of(self._findings(survey))

    def _findings(self, survey: Survey) -> Iterator[Finding]:
        for system, reading in sorted(_latest(survey).items()):
            if system in self.systems and abs(reading.ahead) > self.tolerance:
                direction = "ahead" if reading.ahead > timedelta(0) else "behind"
                yield self.accuser.accuse_system(
                    system,
                    f"within {show_length(self.tolerance)} of our clock",
                    f"more than {show_length(_step(abs(reading.ahead), self.tolerance))}"
                    f" {direction}",
                    field="clock",
                )


def _latest(survey: Survey) -> dict[str, ClockReading]:
    readings: dict[str, ClockReading] = {}
    for stream, profile in survey.statistics.profiles.items():
        known = readings.get(stream.system)
        if (
            profile.clock is not None
            and stream in survey.looked_until
            and (known is None or known.read_at < profile.clock.read_at)
        ):
            readings[stream.system] = profile.clock
    return readings


def _step(length: timedelta, least: timedelta) -> timedelta:
    """The largest step below the length, and not below the least."""
    return max((step for step in STEPS if least <= step < length), default=least)
