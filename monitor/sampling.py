"""Sample: one look at one stream, each page stored as it arrives, the cursor only after it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import structlog

from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason, TieoutError
from monitor.core.model import Page, StreamId
from monitor.core.profiling import Fresh
from monitor.core.statistics import ClockReading
from monitor.core.window import NextWindow, advance, next_window
from monitor.estate import Source
from monitor.store import looks, quarantine, readings, records, statistics, streams
from monitor.store.database import Connection, Database

log = structlog.get_logger(__name__)

FETCH_BATCH = 100
"""Records re-read by key in one go, so that a failure costs little."""

MANY_NEW = 10_000
"""New records in one look after which a database's planner knows its tables no more."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows one look brought, by what they were."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    deleted: int = 0

    @property
    def is_news(self) -> bool:
        """Whether anything was not known before."""
        return bool(self.new or self.changed or self.rejected or self.deleted)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.rejected + other.rejected,
            self.deleted + other.deleted,
        )


@dataclass(frozen=True, slots=True)
class Look:
    """How one look at one stream ended.

    Attributes:
        source: the stream.
        tally: rows stored, those of an incomplete look included.
        failure: why it is incomplete; None where it is complete.
    """

    source: StreamId
    tally: Tally
    failure: Reason | None = None


def sample(source: Source, database: Database, clock: Clock) -> Look:
    """Read the next window of a stream and store it; a failure is noted, never raised."""
    return _look(source, database, clock, _read_window)


def sweep(source: Source, database: Database, clock: Clock) -> Look:
    """List every id of a stream, mark what is gone, fetch what was never seen."""
    return _look(source, database, clock, _compare_ids)


Reading = Callable[[Source, Database, Clock], Tally]


def _look(source: Source, database: Database, clock: Clock, read: Reading) -> Look:
    with database.write() as connection:
        streams.note_attempt(connection, source.id, clock())
    try:
        return Look(source.id, read(source, database, clock))
    except TieoutError as error:
        log.warning("look failed", stream=str(source.id), reason=error.reason, error=str(error))
        with database.write() as connection:
            streams.note_failure(connection, source.id, clock(), error.reason, str(error))
        return Look(source.id, Tally(), error.reason)


def _read_window(source: Source, database: Database, clock: Clock) -> Tally:
    began_at = clock()
    with database.read() as connection:
        state = streams.load_stream_state(connection, source.id)
        known = (
            records.native_ids(connection, source.id) if source.settings.cursor is None else set()
        )
    source_time = source.probe.source_time()
    reading = ClockReading(source_time - clock(), clock())
    upcoming = next_window(
        source.settings.cursor,
        state.cursor,
        source_time,
        full_requested=state.full_requested,
    )
    cursor, tally, seen = state.cursor, Tally(), set[str | None]()
    pages = source.probe.changes(source.id.stream, upcoming.window)
    for number, page in enumerate(pages, 1):
        cursor = advance(cursor, page.position, upcoming.window)
        seen.update(record.native_id for record in page.records)
        seen.update(reject.native_id for reject in page.rejects)
        with database.write() as connection:
            brought = store_page(connection, source.id, page, clock())
            if brought.is_news or upcoming.reads_all_for_once:
                _note_page(connection, source.id, page, upcoming, began_at, number, clock())
            streams.save_cursor(connection, source.id, cursor)
        tally += brought
    if source.settings.cursor is None and source.settings.deletes.kind != "none":
        _refuse_empty(source, seen, known)
        # A row whose id cannot be read may be any of those that seem to be gone.
        if None not in seen or source.capabilities.fetch:
            tally += _mark_gone(source, database, clock, known - seen)
    if source.settings.cursor is not None and state.failure_reason is Reason.EMPTY_SOURCE:
        # That nothing new comes does not say that the rest is there again.
        tally += _compare_ids(source, database, clock)
    population = len(seen) if upcoming.is_full else None
    with database.write() as connection:
        # In the order in which pages are stored, so that two looks never wait for one another.
        known_clock = reading if source.capabilities.tells_time else None
        statistics.note_look(
            connection, source.id, clock(), clock=known_clock, population=population
        )
        _finish(connection, source, upcoming, began_at, clock())
    if tally.new >= MANY_NEW:
        database.refresh_statistics()
    return tally


def _finish(
    connection: Connection,
    source: Source,
    upcoming: NextWindow,
    began_at: datetime,
    now: datetime,
) -> None:
    if upcoming.is_full:
        quarantine.release_unseen(connection, source.id, began_at, now)
    streams.note_success(
        connection,
        source.id,
        now,
        cursor=upcoming.window.until if source.settings.cursor else None,
        looked_until=upcoming.window.until,
        began_at=began_at,
        was_full=upcoming.is_full,
    )
    # Only now: the row of the stream's state lets one look at a time go on.
    looks.note_look(
        connection,
        source.id,
        upcoming.window.until,
        patience=source.settings.stale_after,
        now=now,
    )


def _note_page(
    connection: Connection,
    stream: StreamId,
    page: Page,
    upcoming: NextWindow,
    began_at: datetime,
    number: int,
    now: datetime,
) -> None:
    """Keep what a page said as a hash; pages that say nothing new would only fill the store."""
    readings.note_page(
        connection,
        stream,
        readings.PageRead(
            began_at=began_at,
            is_full=upcoming.is_full,
            since=upcoming.window.since,
            until=upcoming.window.until,
            number=number,
            rows=len(page.records),
            rejected=len(page.rejects),
            digest=page.digest,
        ),
        now,
    )


def _compare_ids(source: Source, database: Database, clock: Clock) -> Tally:
    with database.read() as connection:
        known = records.native_ids(connection, source.id)
    present = {native_id for ids in source.probe.native_ids(source.id.stream) for native_id in ids}
    _refuse_empty(source, present, known)
    tally = _mark_gone(source, database, clock, known - present)
    if source.capabilities.fetch:
        tally += fetch(source, database, clock, sorted(present - known))
    with database.write() as connection:
        statistics.note_look(connection, source.id, clock(), population=len(present))
        streams.note_swept(connection, source.id, clock())
    return tally


def _refuse_empty(source: Source, present: Collection[str | None], known: set[str]) -> None:
    """A source that had records and now shows none is more likely ill than empty."""
    if known and not present and not source.capabilities.may_be_empty:
        raise Permanent(
            "the source lists no record at all although it had some; nothing was marked deleted",
            reason=Reason.EMPTY_SOURCE,
        )


def _mark_gone(source: Source, database: Database, clock: Clock, gone: set[str]) -> Tally:
    """Mark records deleted, after asking for each by id where the source can be asked."""
    if not gone:
        return Tally()
    if source.capabilities.fetch:
        return fetch(source, database, clock, sorted(gone))
    with database.write() as connection:
        deleted = records.mark_deleted(connection, source.id, sorted(gone), clock())
    return Tally(deleted=deleted)


def store_page(
    connection: Connection,
    stream: StreamId,
    page: Page,
    now: datetime,
    *,
    authoritative: bool = False,
) -> Tally:
    """Store a page's records and set its rejects aside, in the caller's transaction."""
    saved = records.save_page(connection, stream, page.records, now, authoritative=authoritative)
    rejects = quarantine.set_aside(connection, stream, page.rejects, now)
    fresh = Fresh(saved.arrived, saved.altered, rejects)
    statistics.note_rows(connection, stream, fresh, now)
    quarantine.release(connection, stream, [record.native_id for record in page.records], now)
    return Tally(saved.new, saved.changed, saved.unchanged, len(page.rejects))


def fetch(source: Source, database: Database, clock: Clock, native_ids: list[str]) -> Tally:
    """Re-read records by id and store them; an id that the source does not know is deleted.

    Raises:
        Transient, Permanent: as the probe says; what was stored before stays.
    """
    tally = Tally()
    for start in range(0, len(native_ids), FETCH_BATCH):
        batch = native_ids[start : start + FETCH_BATCH]
        page = source.probe.fetch(source.id.stream, batch)
        rejected = {reject.native_id for reject in page.rejects}
        absent = set(batch) - {record.native_id for record in page.records} - rejected
        if None in rejected:
            # The row whose id cannot be read may be any of them.
            absent = set()
        with database.write() as connection:
            tally += store_page(connection, source.id, page, clock(), authoritative=True)
            deleted = records.mark_deleted(connection, source.id, sorted(absent), clock())
        tally += Tally(deleted=deleted)
    return tally


def lookup(
    source: Source, database: Database, clock: Clock, kind: str, values: list[str]
) -> set[str]:
    """Find records by business key and store them.

    Returns:
        Values under which the source has a row that could not be read.

    Raises:
        Transient, Permanent: as the probe says; what was stored before stays.
    """
    unreadable: set[str] = set()
    for start in range(0, len(values), FETCH_BATCH):
        batch = values[start : start + FETCH_BATCH]
        page = source.probe.lookup(source.id.stream, kind, batch)
        with database.write() as connection:
            store_page(connection, source.id, page, clock(), authoritative=True)
        if page.rejects and len(batch) > 1:
            # Which of them it was shows only when each is asked for alone.
            for value in batch:
                unreadable |= lookup(source, database, clock, kind, [value])
        elif page.rejects:
            unreadable |= set(batch)
    return unreadable
