"""How a watch writes its findings: against a source, a stream or a hand-off, never one deal."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

import polars as pl
from pydantic import Field, model_validator

from monitor.core.breaks import BreakKind, Finding
from monitor.core.flows import StreamName
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext, WatchContext
from monitor.core.ports import FINDINGS, Verdict
from monitor.core.watches import ESTATE, WatchSettings
from reconcilers.names import find_stream


class StreamsSettings(WatchSettings):
    """What every watch over streams declares."""

    streams: tuple[StreamName, ...] = Field(default=())
    """Which are looked at; empty: all of them."""


class HistorySettings(WatchSettings):
    """What every watch declares that compares a day with those before it."""

    weeks: int = Field(default=8, ge=2, le=52)
    """With how many equal weekdays a day is compared."""
    least_weeks: int = Field(default=4, ge=2, le=52)
    """Without as many of them nothing is said."""

    @model_validator(mode="after")
    def _enough_weeks(self) -> Self:
        if self.least_weeks > self.weeks:
            raise ValueError("'least_weeks' asks for more weeks than 'weeks' looks at")
        return self


def find_streams(settings: StreamsSettings, context: WatchContext) -> tuple[StreamId, ...]:
    """The streams that the settings mean.

    Raises:
        ValueError: the landscape has no such stream.
    """
    if not settings.streams:
        return tuple(sorted(context.estate.entities))
    return tuple(find_stream(context.estate, name) for name in settings.streams)


@dataclass(frozen=True, slots=True)
class Accuser:
    """Writes the findings of one watch.

    Attributes:
        watch: its name in the landscape.
        settings: as configured.
        context: the estate's streams.
        kind: of every finding.
    """

    watch: str
    settings: WatchSettings
    context: RuleContext
    kind: BreakKind

    def accuse(
        self,
        stream: StreamId,
        expected: str,
        actual: str,
        *,
        field: str = "",
        since: datetime | None = None,
    ) -> Finding:
        """A finding against a stream, or a field of it.

        The texts should stay the same while the trouble does: every change of them is told.
        """
        owner = self.settings.owner or self.context.owners.get(stream.system, "")
        return Finding(
            flow=ESTATE,
            transaction=f"source:{stream}",
            rule=self.watch,
            kind=self.kind,
            severity=self.settings.severity,
            hop="",
            system=stream.system,
            stream=stream.stream,
            entity=self.context.entities.get(stream, ""),
            field=field,
            record_id="",
            expected=expected,
            actual=actual,
            value_at_risk=None,
            currency="",
            owner=owner,
            since=since,
        )

    def accuse_record(
        self,
        stream: StreamId,
        *,
        transaction: str,
        record_id: str,
        expected: str,
        actual: str,
        field: str = "",
    ) -> Finding:
        """A finding against one record, under a name for what it is about."""
        against = self.accuse(stream, expected, actual, field=field)
        return replace(against, transaction=transaction, record_id=record_id)

    def accuse_system(self, system: str, expected: str, actual: str, *, field: str) -> Finding:
        """A finding against a whole system."""
        against = self.accuse(StreamId(system, ""), expected, actual, field=field)
        return replace(against, transaction=f"source:{system}")


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Findings as a rule answers them."""
    return Verdict(pl.DataFrame([asdict(each) for each in findings], schema=FINDINGS))


_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def show_length(length: timedelta) -> str:
    """A length of time as people write it, in its two largest units: `2h 5m`."""
    rest, parts = int(length.total_seconds()), list[str]()
    for seconds, unit in _UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
