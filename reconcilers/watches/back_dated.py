"""Back-dated rows: records that came to light with a stamp from before the last complete look.

Whatever is stamped before the end of a complete look should have been seen by it. A record that
turns up later with an older stamp was entered with an earlier date, or hidden until then, or
committed very late: in a period that was closed meanwhile, that is worth a look. Rows that only
the first look, or one after a changed mapping, brings are no news.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from monitor.core.breaks import BreakKind, Finding
from monitor.core.model import StreamId
from monitor.core.plugins import WatchContext
from monitor.core.ports import Verdict
from monitor.core.profiling import MOST_LATE
from monitor.core.statistics import LateRow
from monitor.core.streams import Duration
from monitor.core.watches import Survey
from reconcilers.watches.accusation import Accuser, StreamsSettings, find_streams, verdict_of

EXAMPLE = """\
back-dated:
  check: back_dated
  streams: [psa.timecard, erp.invoice]
  allow: 3d
"""

MOST_NAMED: Final = 3


class BackDatedSettings(StreamsSettings):
    """No row comes to light long after the instant that it is stamped with."""

    check: Literal["back_dated"]
    allow: Duration = timedelta(days=1)
    """How much older than what had been read a new row may be."""
    stands: Duration = timedelta(days=7)
    """How long such rows are reported."""


def build(name: str, settings: BackDatedSettings, context: WatchContext) -> "BackDated":
    """A watch from its settings.

    Raises:
        ValueError: a stream is unknown.
    """
    return BackDated(
        name=name,
        streams=find_streams(settings, context),
        allow=settings.allow,
        stands=settings.stands,
        accuser=Accuser(name, settings, context.estate, BreakKind.SOURCE),
    )


@dataclass(frozen=True, slots=True)
class BackDated:
    """The check that nothing is entered into the past; one finding a stream."""

    name: str
    streams: tuple[StreamId, ...]
    allow: timedelta
    stands: timedelta
    accuser: Accuser

    @property
    def needs(self) -> frozenset[StreamId]:
        """No records: sampling has noted what is needed."""
        return frozenset()

    def evaluate(self, survey: Survey) -> Verdict:
        """One finding for each stream with rows that were dated back lately."""
        return verdict_of(self._findings(survey))

    def _findings(self, survey: Survey) -> Iterator[Finding]:
        for stream in self.streams:
            late = self._late(stream, survey)
            if late:
                yield self.accuser.accuse(
                    stream,
                    "no row from before what had been read",
                    _named(late),
                    since=min(row.seen_at for row in late),
                )

    def _late(self, stream: StreamId, survey: Survey) -> list[LateRow]:
        earliest: datetime = survey.now - self.stands
        days = survey.statistics.days.get(stream, {})
        return sorted(
            (
                row
                for day in days.values()
                for row in day.late
                if row.behind > self.allow and row.seen_at >= earliest
            ),
            key=lambda row: (-row.behind, row.native_id),
        )


def _named(late: list[LateRow]) -> str:
    names = ", ".join(
        f"{row.native_id} stamped {row.stamped_at:%Y-%m-%d}" for row in late[:MOST_NAMED]
    )
    if len(late) <= MOST_NAMED:
        return names
    count = f"{len(late)} rows" if len(late) < MOST_LATE else f"{MOST_LATE} rows or more"
    return f"{count}, the oldest {names}"
