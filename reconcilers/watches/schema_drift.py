"""Schema drift: a source's rows no longer look as they did.

Watches every mapped field of the streams, by what the rows held before conversion:

- a field that every row had is in none of the latest rows, or stays blank although rows that came
  in one by one always had a value;
- values come in another type than before (text where numbers were), or as something that does not
  fit the field at all, so that the rows are set aside;
- a field that holds one of a few words (a stage, a billing rule) shows a word never seen before.

What the first complete look brings is the standard; whatever was in it is known. Words are learnt
for a while longer, because states that records only pass through are rare among old ones. A drift
stands until the rows look as before, or until it has been there so long that it is the standard.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from pydantic import Field

from monitor.core.breaks import BreakKind, Finding
from monitor.core.model import StreamId
from monitor.core.plugins import WatchContext
from monitor.core.ports import Verdict
from monitor.core.shapes import EMPTY, ValueType
from monitor.core.statistics import FieldProfile, Sighting, StreamProfile
from monitor.core.streams import Duration
from monitor.core.watches import Survey
from reconcilers.watches.accusation import Accuser, StreamsSettings, find_streams, verdict_of

EXAMPLE = """\
drift:
  check: schema_drift
  ignore: [crm.opportunity.owner]
"""

USUALLY_THERE: Final = 0.99
USUALLY_FILLED: Final = 0.98
"""Shares of rows from which on a field counts as always there, and as always filled."""

ROWS_PER_WORD: Final = 10
"""A field is a list of words if it showed that many rows for each word before a new one came."""

MOST_SHOWN: Final = 10
"""Known words that a finding lists."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class SchemaDriftSettings(StreamsSettings):
    """Rows look as they always did."""

    check: Literal["schema_drift"]
    rows: int = Field(default=10, ge=3)
    """So many rows in a row must lack what others had; and so many must have been seen before."""
    familiar_after: Duration = timedelta(days=14)
    """After that time a new type or word is the standard."""
    learn_for: Duration = timedelta(days=14)
    """For so long after the first look new words are learnt and not told."""
    ignore: tuple[str, ...] = ()
    """Fields that may look as they like: `system.stream.field`."""


def build(name: str, settings: SchemaDriftSettings, context: WatchContext) -> "SchemaDrift":
    """A watch from its settings.

    Raises:
        ValueError: a stream or a field is unknown.
    """
    fields = {
        f"{stream}.{field}" for stream, known in context.estate.fields.items() for field in known
    }
    for each in settings.ignore:
        if each not in fields:
            raise ValueError(f"unknown field '{each}'; write it as system.stream.field")
    return SchemaDrift(
        name=name,
        streams=find_streams(settings, context),
        rows=settings.rows,
        familiar_after=settings.familiar_after,
        learn_for=settings.learn_for,
        ignore=frozenset(settings.ignore),
        accuser=Accuser(name, settings, context.estate, BreakKind.SOURCE),
    )


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed in a field: what was usual, what came, and since when."""

    expected: str
    actual: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class SchemaDrift:
    """The check that rows look as they always did; one finding a field, the gravest."""

    name: str
    streams: tuple[StreamId, ...]
    rows: int
    familiar_after: timedelta
    learn_for: timedelta
    ignore: frozenset[str]
    accuser: Accuser

    @property
    def needs(self) -> frozenset[StreamId]:
        """No records: sampling has noted what is needed."""
        return frozenset()

    def evaluate(self, survey: Survey) -> Verdict:
        """One finding for each field that drifted."""
        return verdict_of(self._findings(survey))

    def _findings(self, survey: Survey) -> Iterator[Finding]:
        for stream in self.streams:
            profile = survey.statistics.profiles.get(stream, StreamProfile())
            for name, field in profile.fields.items():
                if f"{stream}.{name}" in self.ignore:
                    continue
                drift = self._drift(field, profile, survey.now)
                if drift is not None:
                    yield self.accuser.accuse(
                        stream, drift.expected, drift.actual, field=name, since=drift.since
                    )

    def _drift(self, field: FieldProfile, profile: StreamProfile, now: datetime) -> Drift | None:
        return (
            self._gone(field, profile.rows)
            or self._emptied(field, profile.rows)
            or self._retyped(field, profile, now)
            or self._new_words(field, profile, now)
        )

    def _gone(self, field: FieldProfile, rows: int) -> Drift | None:
        absent = field.types.get(ValueType.ABSENT)
        if absent is None:
            return None
        there = [seen for kind, seen in field.types.items() if kind is not ValueType.ABSENT]
        last = max((seen.last_row for seen in there), default=field.after_row)
        before, run = last - field.after_row, rows - last
        earlier = absent.rows - run
        if min(before, run) < self.rows or earlier > before * (1 - USUALLY_THERE):
            return None
        return Drift("a field of every row", str(ValueType.ABSENT), _start(absent, earlier))

    def _emptied(self, field: FieldProfile, rows: int) -> Drift | None:
        run = rows - field.last_row_with_value()
        live, filled = field.lately
        before = live - run
        if run < self.rows or before < self.rows or filled < before * USUALLY_FILLED:
            return None
        return Drift("a value", str(ValueType.BLANK), None)

    def _retyped(self, field: FieldProfile, profile: StreamProfile, now: datetime) -> Drift | None:
        values = {kind: seen for kind, seen in field.types.items() if kind not in EMPTY}
        strange = {
            kind: seen
            for kind, seen in values.items()
            if seen.first_row - field.after_row > self.rows
            and self._is_new(seen, profile, now)
            and profile.rows - seen.last_row < self.rows
            # One row that does not fit is set aside and shown as such; many are a drift.
            and (kind is not ValueType.UNFIT or seen.rows >= self.rows)
        }
        usual = sorted(values.keys() - strange.keys())
        if not strange or not usual:
            return None
        since = min(seen.first_at for seen in strange.values())
        return Drift(" or ".join(usual), " and ".join(sorted(strange)), since)

    def _new_words(
        self, field: FieldProfile, profile: StreamProfile, now: datetime
    ) -> Drift | None:
        words = field.words or {}
        learnt_at = (profile.began_at or now) + self.learn_for
        known = {word for word, seen in words.items() if not self._is_new(seen, profile, now)}
        enough = max(ROWS_PER_WORD * len(known), self.rows)
        strange = {
            word: seen
            for word, seen in words.items()
            if word not in known
            and seen.first_row - field.after_row > enough
            and seen.first_at > learnt_at
        }
        # New words that came before enough rows had been seen are as good as known.
        usual = sorted(words.keys() - strange.keys())
        if not strange or not usual:
            return None
        since = min(seen.first_at for seen in strange.values())
        more = f" or {len(usual) - MOST_SHOWN} others" if len(usual) > MOST_SHOWN else ""
        return Drift(", ".join(usual[:MOST_SHOWN]) + more, ", ".join(sorted(strange)), since)

    def _is_new(self, seen: Sighting, profile: StreamProfile, now: datetime) -> bool:
        """Neither part of the standard nor there long enough to have become it."""
        standard = profile.standard_at or _LONG_AGO
        return seen.first_at > max(standard, now - self.familiar_after)


def _start(seen: Sighting, earlier: int) -> datetime | None:
    return None if earlier else seen.first_at
