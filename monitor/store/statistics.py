"""What sampling noted of every stream, bounded whatever the number of rows."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, select

from monitor.core.model import StreamId
from monitor.core.profiling import (
    Fresh,
    birth_of,
    days_of,
    late_rows,
    most_behind,
    profile_rows,
)
from monitor.core.statistics import (
    ClockReading,
    Hop,
    HopDay,
    LateRow,
    Statistics,
    StreamDay,
    StreamProfile,
)
from monitor.store.bulk import hold, upsert
from monitor.store.schema import hop_day, record, stream_day, stream_profile
from monitor.store.streams import load_stream_state

REMEMBERED = timedelta(days=400)
"""How long a day is kept: over a year, so that the same season can be compared."""


_MICROSECOND = timedelta(microseconds=1)


def note_rows(connection: Connection, stream: StreamId, fresh: Fresh, now: datetime) -> None:
    """Count in what a page brought; belongs into the page's own transaction."""
    if not fresh:
        return
    hold(connection, f"statistics of {stream}")
    state = load_stream_state(connection, stream)
    seen_until = None if state.full_requested else state.looked_until
    profile = load_profile(connection, stream)
    _save_profile(connection, stream, profile_rows(profile, fresh, seen_until, now))
    arrived = days_of(map(birth_of, fresh.arrived), seen_until, now)
    changed = days_of((each.modified_at for each in fresh.changed), seen_until, now)
    _count_days(connection, stream, arrived, changed, now)
    _note_late(connection, stream, late_rows(fresh, seen_until, now), now)


def note_look(
    connection: Connection,
    stream: StreamId,
    now: datetime,
    *,
    clock: ClockReading | None = None,
    population: int | None = None,
) -> None:
    """What a complete look showed beside the rows.

    Args:
        connection: a write transaction.
        stream: what was looked at.
        now: the present.
        clock: what the system's clock said, where it has one.
        population: how many rows there are; None where not all of them were listed.
    """
    if clock is not None:
        seen = {"clock_ahead": clock.ahead // _MICROSECOND, "clock_read_at": clock.read_at}
        row = {"stream": str(stream), "profile": "{}", **seen}
        statement = upsert(connection, stream_profile).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["stream"], set_=seen))
    if population is not None:
        _set_day(connection, stream, now.date(), population=population)


def load_profile(connection: Connection, stream: StreamId) -> StreamProfile:
    """What was seen of a stream; a blank profile of one never seen."""
    query = select(stream_profile).where(stream_profile.c.stream == str(stream))
    row = connection.execute(query).one_or_none()
    return StreamProfile() if row is None else _read(row)


def load_statistics(connection: Connection, now: datetime) -> Statistics:
    """What is known of the past of every stream."""
    profiles = {
        StreamId.parse(row.stream): _read(row) for row in connection.execute(select(stream_profile))
    }
    days: defaultdict[StreamId, dict[date, StreamDay]] = defaultdict(dict)
    first = (now - REMEMBERED).date()
    for row in connection.execute(select(stream_day).where(stream_day.c.day >= first)):
        late = msgspec.json.decode(row.late, type=list[LateRow])
        seen = StreamDay(row.arrived, row.changed, row.population, late)
        days[StreamId.parse(row.stream)][row.day] = seen
    return Statistics(profiles, dict(days), _load_hops(connection, first))


def new_arrivals(
    connection: Connection, stream: StreamId, after: int, limit: int
) -> dict[int, str]:
    """Native ids of records first seen after one, by the store's numbers, which only grow."""
    query = (
        select(record.c.id, record.c.native_id)
        .where(record.c.id > after, record.c.stream == str(stream))
        .order_by(record.c.id)
        .limit(limit)
    )
    return dict(connection.execute(query).all())


def add_transits(
    connection: Connection, hop: Hop, transits: Mapping[date, Mapping[int, int]], now: datetime
) -> None:
    """Count in how long deals took that arrived on some days: by day, a count by class of times."""
    first = (now - REMEMBERED).date()
    of_hop = (hop_day.c.flow == hop.flow) & (hop_day.c.hop == hop.name)
    known = _read_hop_days(connection, of_hop & hop_day.c.day.in_(list(transits)))
    rows = [
        {"flow": hop.flow, "hop": hop.name, "day": day, "times": _dump(times)}
        for day, added in sorted(transits.items())
        if day >= first and (times := Counter(known.get((hop, day), {})) + Counter(added))
    ]
    if rows:
        statement = upsert(connection, hop_day)
        changed = {"times": statement.excluded.times}
        key = ["flow", "hop", "day"]
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), rows)


def _load_hops(connection: Connection, first: date) -> dict[Hop, dict[date, HopDay]]:
    hops: defaultdict[Hop, dict[date, HopDay]] = defaultdict(dict)
    for (hop, day), times in _read_hop_days(connection, hop_day.c.day >= first).items():
        hops[hop][day] = HopDay(times)
    return dict(hops)


def _read_hop_days(
    connection: Connection, condition: ColumnElement[bool]
) -> dict[tuple[Hop, date], dict[int, int]]:
    return {
        (Hop(row.flow, row.hop), row.day): msgspec.json.decode(row.times, type=dict[int, int])
        for row in connection.execute(select(hop_day).where(condition))
    }


def _dump(times: Mapping[int, int]) -> str:
    return msgspec.json.encode(dict(sorted(times.items()))).decode()


def forget_statistics(connection: Connection, now: datetime) -> None:
    """Let go of days that are remembered no longer."""
    first = (now - REMEMBERED).date()
    for table in (stream_day, hop_day):
        connection.execute(delete(table).where(table.c.day < first))


def _save_profile(connection: Connection, stream: StreamId, profile: StreamProfile) -> None:
    text = msgspec.json.encode(replace(profile, clock=None), order="sorted").decode()
    statement = upsert(connection, stream_profile).values(stream=str(stream), profile=text)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["stream"], set_={"profile": text})
    )


def _read(row: Row[Any]) -> StreamProfile:
    profile = msgspec.json.decode(row.profile, type=StreamProfile)
    if row.clock_read_at is None:
        return profile
    return replace(profile, clock=ClockReading(row.clock_ahead * _MICROSECOND, row.clock_read_at))


def _count_days(
    connection: Connection,
    stream: StreamId,
    arrived: Counter[date],
    changed: Counter[date],
    now: datetime,
) -> None:
    first = (now - REMEMBERED).date()
    rows = [
        {**_day(stream, day), "arrived": arrived[day], "changed": changed[day]}
        for day in sorted(arrived.keys() | changed.keys())
        if day >= first
    ]
    if rows:
        statement = upsert(connection, stream_day)
        added = {
            name: stream_day.c[name] + statement.excluded[name] for name in ("arrived", "changed")
        }
        connection.execute(
            statement.on_conflict_do_update(index_elements=["stream", "day"], set_=added), rows
        )


def _note_late(
    connection: Connection, stream: StreamId, late: Sequence[LateRow], now: datetime
) -> None:
    if not late:
        return
    of_day = (stream_day.c.stream == str(stream)) & (stream_day.c.day == now.date())
    stored = connection.execute(select(stream_day.c.late).where(of_day)).scalar()
    known = [] if stored is None else msgspec.json.decode(stored, type=list[LateRow])
    text = msgspec.json.encode(most_behind([*known, *late])).decode()
    _set_day(connection, stream, now.date(), late=text)


def _set_day(connection: Connection, stream: StreamId, day: date, **facts: object) -> None:
    statement = upsert(connection, stream_day).values({**_day(stream, day), **facts})
    connection.execute(
        statement.on_conflict_do_update(index_elements=["stream", "day"], set_=facts)
    )


def _day(stream: StreamId, day: date) -> Mapping[str, object]:
    blank = {"arrived": 0, "changed": 0, "population": None, "late": "[]"}
    return {"stream": str(stream), "day": day, **blank}
