"""From a source's raw rows to what stands, through sampling and the store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.calls import CallLedger
from monitor.core.entities import ENTITIES
from monitor.core.errors import Reason, Transient
from monitor.core.metrics import Metrics
from monitor.core.model import Page, StreamId, Window
from monitor.core.ports import Capabilities
from monitor.core.streams import StreamSettings
from monitor.core.watches import ESTATE, Watch
from monitor.estate import Estate, Lookout, Source
from monitor.jobs import Runtime, sample_stream
from monitor.reports.overview import look_over
from monitor.simulation.clock import VirtualClock
from monitor.single_pass import pass_once
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database
from monitor.store.statistics import REMEMBERED, load_profile, load_statistics
from probes.engine.mapping import RowMapper
from tests.watches.streams import CONTEXT, DEALS, NOW, build

SETTINGS = StreamSettings.model_validate(
    {
        "entity": "opportunity",
        "id": "id",
        "map": {"status": "stage", "amount": "amount", "created_at": "created"},
        "defines": {"deal": "id"},
        "cursor": {"field": "at"},
        "deletes": {"kind": "sweep"},
    }
)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass
class Web:
    """A system that shows rows as JSON would, and may be down or of another time."""

    clock: Callable[[], datetime]
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    ahead: timedelta = timedelta(0)
    down: bool = False
    tells_time: bool = True

    def __post_init__(self) -> None:
        self.mapper = RowMapper(DEALS, SETTINGS, ENTITIES["opportunity"])

    def put(self, native_id: str, at: datetime | None = None, **values: Any) -> None:
        stamp = at or self.clock()
        row = {"id": native_id, "stage": "open", "amount": 12.5, "created": stamp.isoformat()}
        self.rows[native_id] = {**row, "at": stamp.isoformat(), **values}

    def _visible(self) -> list[dict[str, Any]]:
        if self.down:
            raise Transient("no answer", reason=Reason.UNREACHABLE)
        return list(self.rows.values())

    def capabilities(self, stream: str) -> Capabilities:
        return Capabilities(fetch=True, sweep=True, tells_time=self.tells_time)

    def source_time(self) -> datetime:
        self._visible()
        return self.clock() + self.ahead

    def changes(self, stream: str, window: Window) -> Iterator[Page]:
        yield self.mapper.read_page(
            row
            for row in self._visible()
            if window.since is None or datetime.fromisoformat(row["at"]) >= window.since
        )

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        return self.mapper.read_page(row for row in self._visible() if row["id"] in native_ids)

    def lookup(self, stream: str, kind: str, values: Sequence[str]) -> Page:
        return self.fetch(stream, values)

    def native_ids(self, stream: str) -> Iterator[Sequence[str]]:
        yield [row["id"] for row in self._visible()]

    def calls_remaining(self) -> Mapping[str, float]:
        return {}

    def calls_made(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is held."""


class Firm:
    """One system, one stream, and some watches."""

    def __init__(self, database: Database) -> None:
        self.clock = VirtualClock(NOW)
        self.web = Web(self.clock)
        self.database = database
        self.runtime = Runtime(database, Metrics("test"), self.clock, CallLedger())
        source = Source(DEALS, SETTINGS, ENTITIES["opportunity"], self.web, digest="1")
        self.estate = Estate(
            digest="1",
            sources={DEALS: source},
            probes={"crm": self.web},
            flows=(),
            channels={},
            routes=(),
            every=MINUTE,
            address="",
            titles={},
            owners=CONTEXT.estate.owners,
        )

    def keep(self, *watches: Watch) -> None:
        lookouts = tuple(Lookout(each, HOUR, timedelta(0), digest="1") for each in watches)
        self.estate = replace(self.estate, lookouts=lookouts)

    def look(self) -> list[tuple[str, str | None]]:
        """One pass; what then stands, by field and what was found there."""
        pass_once(self.estate, self.runtime)
        with self.database.read() as connection:
            return [
                (each.finding.field, each.finding.actual) for each in standing_breaks(connection)
            ]

    def arrive(self, count: int, **values: Any) -> list[tuple[str, str | None]]:
        """Rows come in one a minute, and each is read as it comes."""
        for _ in range(count):
            self.clock.advance(MINUTE)
            self.web.put(f"r{len(self.web.rows)}", **values)
            sample_stream(self.estate, self.runtime, DEALS)
        return self.look()


@pytest.fixture
def firm(sqlite_database: Database) -> Firm:
    return Firm(sqlite_database)


def test_a_field_renamed_at_the_source_is_found_and_resolved_when_it_is_back(firm: Firm) -> None:
    firm.keep(build("schema_drift", rows=3))
    assert firm.arrive(5) == []
    assert firm.arrive(1, stage=None) == []
    assert firm.arrive(1) == []
    rename = dict(firm.web.rows)
    firm.clock.advance(MINUTE)
    for name in list(rename)[:4]:
        row = {**rename[name], "at": firm.clock().isoformat(), "phase": "open"}
        del row["stage"]
        firm.web.rows[name] = row
    assert firm.look() == [("status", "no such field")]
    firm.clock.advance(MINUTE)
    assert firm.arrive(1) == []


def test_numbers_that_become_text_are_found_although_every_row_can_be_read(firm: Firm) -> None:
    firm.keep(build("schema_drift", rows=3))
    firm.arrive(5)
    assert firm.arrive(1, amount="12.5") == [("amount", "text")]


def test_rows_set_aside_again_and_again_count_once(firm: Firm) -> None:
    firm.keep(build("schema_drift", rows=3))
    firm.arrive(5)
    firm.clock.advance(MINUTE)
    firm.web.put("bad", amount="twelve")
    for _ in range(6):
        assert firm.look() == []
        firm.clock.advance(MINUTE)
    for name in ("worse", "worst"):
        firm.web.put(name, amount="twelve")
    assert firm.look() == [("amount", "a value that does not fit")]


def test_rows_read_again_in_the_overlap_count_once(database: Database) -> None:
    firm = Firm(database)
    firm.arrive(4)
    for _ in range(5):
        firm.look()
    with firm.database.read() as connection:
        assert load_profile(connection, DEALS).rows == 4
        (day,) = load_statistics(connection, firm.clock()).days[DEALS].values()
    assert (day.arrived, day.changed, day.population) == (4, 0, 4)


def test_a_new_word_is_found(firm: Firm) -> None:
    firm.keep(build("schema_drift", rows=3))
    firm.arrive(12)
    firm.clock.advance(15 * DAY)
    firm.arrive(1)
    assert firm.arrive(1, stage="parked") == [("status", "parked")]


def test_a_wrong_clock_is_found_and_right_again(database: Database) -> None:
    firm = Firm(database)
    firm.keep(build("clock_skew"))
    firm.web.ahead = timedelta(seconds=100)
    assert firm.look() == [("clock", "more than 1m ahead")]
    firm.web.ahead = timedelta(0)
    firm.clock.advance(MINUTE)
    assert firm.look() == []


def test_the_age_of_an_extract_is_no_wrong_clock(firm: Firm) -> None:
    firm.keep(build("clock_skew"))
    firm.web.ahead, firm.web.tells_time = -DAY, False
    assert firm.look() == []


def test_a_row_dated_back_is_found_by_the_sweep_and_named(database: Database) -> None:
    firm = Firm(database)
    firm.keep(build("back_dated"))
    firm.web.put("old", at=NOW - 90 * DAY)
    assert firm.look() == []
    firm.clock.advance(HOUR)
    firm.web.put("dated-back", at=NOW - 30 * DAY)
    assert firm.look() == [("", "dated-back stamped 2026-02-14")]


def test_the_first_look_brings_the_history_that_a_silent_day_is_compared_with(
    database: Database,
) -> None:
    firm = Firm(database)
    firm.keep(build("silent_source"))
    for day in range(1, 60):
        for number in range(20):
            firm.web.put(f"{day}-{number}", at=NOW - day * DAY + number * MINUTE)
    assert firm.look() == []
    firm.clock.advance(DAY)
    assert firm.look() == [("", "0 on 2026-03-16")]


def test_a_source_that_was_silent_before_the_first_look_is_found_by_it(firm: Firm) -> None:
    firm.keep(build("silent_source", silent_after="1d"))
    firm.web.put("r1", at=NOW - 3 * DAY)
    assert firm.look() == [("", "none since 2026-03-13 12:00 UTC")]
    assert firm.arrive(1) == []


def test_a_source_that_cannot_be_read_is_blind_and_not_silent(firm: Firm) -> None:
    firm.keep(build("silent_source", silent_after="1h"))
    firm.arrive(1)
    firm.web.down = True
    firm.clock.advance(5 * HOUR)
    assert firm.look() == []
    assert look_over(firm.estate, firm.database, firm.clock()).blind.keys() == {DEALS}
    firm.web.down = False
    assert firm.look() == [("", "none since 2026-03-16 12:01 UTC")]


def test_the_overview_says_when_each_watch_looked_and_what_stands(firm: Firm) -> None:
    firm.keep(build("clock_skew"))
    before = look_over(firm.estate, firm.database, firm.clock()).watches
    assert [(each.name, each.looked_at, each.standing) for each in before] == [("watch", None, 0)]
    firm.web.ahead = HOUR
    firm.look()
    after = look_over(firm.estate, firm.database, firm.clock()).watches
    assert [(each.looked_at, each.standing) for each in after] == [(NOW, 1)]


def test_what_is_kept_is_bounded(firm: Firm) -> None:
    firm.keep(build("schema_drift"))
    for number in range(300):
        at = NOW - number * 3 * DAY
        firm.web.put(f"r{number}", at=at, stage=f"stage {number}")
    firm.look()
    with firm.database.read() as connection:
        profile = load_profile(connection, DEALS)
        days = load_statistics(connection, NOW).days[DEALS]
    assert profile.fields["status"].words is None
    assert min(days) >= (NOW - REMEMBERED).date()
    firm.clock.advance(REMEMBERED + 2 * DAY)
    firm.look()
    with firm.database.read() as connection:
        assert set(load_statistics(connection, firm.clock()).days[DEALS]) <= {firm.clock().date()}


def test_the_flow_of_findings_is_the_estate(firm: Firm) -> None:
    firm.keep(build("clock_skew"))
    firm.web.ahead = HOUR
    firm.look()
    with firm.database.read() as connection:
        (found,) = standing_breaks(connection)
    assert (found.finding.flow, found.finding.transaction) == (ESTATE, "source:crm")
    assert StreamId(found.finding.system, found.finding.stream) == ("crm", "")
