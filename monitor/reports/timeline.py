"""A deal's way over time: a lane for each system, a mark for each record, a line for each hand-off.

Decides where everything stands; a template draws it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from monitor.core.breaks import LIVE_STATES
from monitor.core.model import StreamId
from monitor.reports.deal import DealTrace, Hop, Stop

LANE_HEIGHT = 44
LABEL_WIDTH = 130
MARGIN = 24
SHORTEST_STEP = 22
DECADE = 38
"""Pixels, all of them; `DECADE` for each tenfold of hours between two marks."""

_LONG_GAP = timedelta(days=1)
"""From here on a gap says how long it is."""


class MarkKind(StrEnum):
    """What a mark stands for."""

    RECORD = "record"
    MESSAGE = "message"
    DELETED = "deleted"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class Lane:
    """One system."""

    name: str
    y: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One record, message or break; `about` is what it is called."""

    x: int
    y: int
    kind: MarkKind
    about: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Arrow:
    """One hand-off, from the record that starts it to where it arrived, or should have."""

    start: tuple[int, int]
    end: tuple[int, int]
    hop: Hop


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nothing happened, `about` in words."""

    x: int
    about: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where everything stands, in pixels from the upper left."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    arrows: tuple[Arrow, ...]
    gaps: tuple[Gap, ...]


def draw_timeline(trace: DealTrace) -> Timeline:
    """Lay out what is known of a deal.

    Times follow one another from left to right, farther apart the more time lies between them, but
    by its logarithm: seconds between two systems and months of work are seen in one picture.
    """
    lanes = {name: Lane(name, _lane(row)) for row, name in enumerate(_systems(trace))}
    instants = _instants(trace)
    places = _places(instants)
    right = max(places.values(), default=LABEL_WIDTH + MARGIN)
    return Timeline(
        width=right + 2 * MARGIN,
        height=_lane(len(lanes)) - LANE_HEIGHT // 2,
        lanes=tuple(lanes.values()),
        marks=(*_records(trace, lanes, places), *_breaks(trace, lanes, places)),
        arrows=tuple(_arrows(trace, lanes, places, right)),
        gaps=tuple(_gaps(instants, places)),
    )


def tell_time(time: timedelta) -> str:
    """`3 d`, `5 h`, `12 min` or `8 s`: the largest unit that it has one of."""
    seconds = int(time.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _lane(row: int) -> int:
    return MARGIN + row * LANE_HEIGHT + LANE_HEIGHT // 2


def _systems(trace: DealTrace) -> list[str]:
    """Systems in the order in which the flow comes to them, then all others."""
    ordered = [stream for hop in trace.hops for stream in (hop.source, hop.to)]
    ordered += [stop.stream for stop in trace.stops]
    return list(dict.fromkeys(stream.system for stream in ordered))


def _instants(trace: DealTrace) -> list[datetime]:
    found = {stop.at for stop in trace.stops if stop.at is not None}
    found |= {
        each.finding.since
        for each in trace.breaks
        if each.state in LIVE_STATES and each.finding.since is not None
    }
    return sorted(found)


def _places(instants: Sequence[datetime]) -> dict[datetime, int]:
    places: dict[datetime, int] = {}
    x, before = LABEL_WIDTH + MARGIN, None
    for at in instants:
        if before is not None:
            hours = (at - before) / timedelta(hours=1)
            x += SHORTEST_STEP + round(DECADE * math.log10(1 + hours))
        places[at] = x
        before = at
    return places


def _records(
    trace: DealTrace, lanes: Mapping[str, Lane], places: Mapping[datetime, int]
) -> Iterable[Mark]:
    for stop in trace.stops:
        if stop.at is not None:
            name = stop.fields.get("number") or stop.native_id
            about = f"{stop.entity.replace('_', ' ')} {name}"
            yield Mark(places[stop.at], lanes[stop.stream.system].y, _kind(stop), about, stop.at)


def _kind(stop: Stop) -> MarkKind:
    if stop.deleted:
        return MarkKind.DELETED
    return MarkKind.MESSAGE if stop.is_message else MarkKind.RECORD


def _breaks(
    trace: DealTrace, lanes: Mapping[str, Lane], places: Mapping[datetime, int]
) -> Iterable[Mark]:
    for each in trace.breaks:
        found = each.finding
        lane = lanes.get(found.system)
        if each.state in LIVE_STATES and found.since is not None and lane is not None:
            about = f"{found.kind.value.replace('_', ' ')} {found.entity.replace('_', ' ')}"
            yield Mark(places[found.since], lane.y, MarkKind.BREAK, about, found.since)


def _arrows(
    trace: DealTrace, lanes: Mapping[str, Lane], places: Mapping[datetime, int], right: int
) -> Iterable[Arrow]:
    first: dict[StreamId, int] = {}
    for stop in trace.stops:
        if stop.at is not None and not stop.deleted:
            first.setdefault(stop.stream, places[stop.at])
    due = {
        each.finding.rule: places[each.finding.since]
        for each in trace.breaks
        if each.state in LIVE_STATES and each.finding.since is not None
    }
    for hop in trace.hops:
        if hop.source in first:
            start = (first[hop.source], lanes[hop.source.system].y)
            end = (first.get(hop.to, due.get(hop.name, right)), lanes[hop.to.system].y)
            yield Arrow(start, end, hop)


def _gaps(instants: Sequence[datetime], places: Mapping[datetime, int]) -> Iterable[Gap]:
    for before, after in pairwise(instants):
        if after - before >= _LONG_GAP:
            yield Gap((places[before] + places[after]) // 2, tell_time(after - before))
