"""Incidents in numbers, as a scrape reads them, against what happened to them."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.core.breaks import Severity
from monitor.core.errors import Reason, Transient
from monitor.core.metrics import KnownNames
from monitor.incidents.handling import acknowledge
from monitor.jobs import deliver_notices, refresh_metrics
from monitor.store.database import Database
from monitor.store.silences import add_silence
from tests.cycle.small_firm import SmallFirm
from tests.incidents.board import Board, look, watched_firm

WARNING = ("warning",)


def scrape(firm: SmallFirm) -> None:
    refresh_metrics(firm.estate, firm.runtime)


def series(firm: SmallFirm, name: str) -> dict[tuple[str, ...], float]:
    """Values by label values, without those that are 0."""
    page = firm.runtime.metrics.expose()[0].decode()
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == f"tieout_{name}" and sample.value
    }


@pytest.fixture
def firm_and_board(sqlite_database: Database) -> tuple[SmallFirm, Board]:
    """One deal in order, looked at and scraped."""
    firm, board = watched_firm(sqlite_database)
    firm.runtime.metrics.prepare(KnownNames(channels=("people",)))
    firm.win("D1")
    firm.staff("D1")
    look(firm)
    scrape(firm)
    return firm, board


def spoil(firm: SmallFirm, deal: str = "D1") -> None:
    firm.win(deal)
    firm.staff(deal, amount="900.00")
    look(firm)


def test_an_incident_is_counted_from_its_opening_to_its_end(
    firm_and_board: tuple[SmallFirm, Board],
) -> None:
    firm, _ = firm_and_board
    spoil(firm)
    opened_at = firm.clock()
    firm.later(minutes=3)
    scrape(firm)
    assert series(firm, "incidents") == {("warning", "open"): 1}
    assert series(firm, "incidents_opened_total") == {WARNING: 1}
    oldest = series(firm, "oldest_unacknowledged_incident_timestamp_seconds")
    assert oldest == {WARNING: opened_at.timestamp()}
    firm.later(minutes=57)
    firm.staff("D1")
    look(firm)
    scrape(firm)
    assert series(firm, "incidents") == {}
    assert series(firm, "incidents_resolved_total") == {WARNING: 1}
    assert series(firm, "incident_resolve_duration_seconds_sum") == {WARNING: 3600}
    assert series(firm, "oldest_unacknowledged_incident_timestamp_seconds") == {}


def test_who_looks_after_it_ends_the_wait_and_is_timed_once(
    firm_and_board: tuple[SmallFirm, Board],
) -> None:
    firm, _ = firm_and_board
    spoil(firm)
    scrape(firm)
    firm.later(minutes=5)
    acknowledge(firm.database, 1, "ada", timedelta(hours=1), firm.clock)
    firm.later(minutes=1)
    scrape(firm)
    scrape(firm)
    assert series(firm, "incidents") == {("warning", "acknowledged"): 1}
    assert series(firm, "oldest_unacknowledged_incident_timestamp_seconds") == {}
    assert series(firm, "incident_acknowledge_duration_seconds_sum") == {WARNING: 300}
    firm.later(hours=2)
    deliver_notices(firm.estate, firm.runtime)
    scrape(firm)
    assert series(firm, "incidents") == {("warning", "open"): 1}
    acknowledge(firm.database, 1, "bob", timedelta(hours=1), firm.clock)
    firm.later(minutes=1)
    scrape(firm)
    assert series(firm, "incident_acknowledge_duration_seconds_count") == {WARNING: 1}


def test_what_comes_and_goes_between_two_scrapes_is_counted(
    firm_and_board: tuple[SmallFirm, Board],
) -> None:
    firm, _ = firm_and_board
    spoil(firm)
    firm.later(minutes=10)
    firm.staff("D1")
    look(firm)
    scrape(firm)
    assert series(firm, "incidents_opened_total") == {WARNING: 1}
    assert series(firm, "incidents_resolved_total") == {WARNING: 1}
    assert series(firm, "incident_resolve_duration_seconds_sum") == {WARNING: 600}


def test_what_stood_before_a_process_began_is_shown_and_not_counted(
    firm_and_board: tuple[SmallFirm, Board],
) -> None:
    firm, _ = firm_and_board
    spoil(firm)
    firm.runtime.incidents.at = None  # as in a process that begins anew
    scrape(firm)
    scrape(firm)
    assert series(firm, "incidents") == {("warning", "open"): 1}
    assert series(firm, "incidents_opened_total") == {}


def test_a_channel_that_fails_is_behind_until_it_takes_the_message(
    firm_and_board: tuple[SmallFirm, Board],
) -> None:
    firm, board = firm_and_board
    spoil(firm)
    scrape(firm)
    assert series(firm, "channel_behind") == {("people",): 1}
    assert series(firm, "channel_failing") == {}
    board.failures = [Transient("away", reason=Reason.UNREACHABLE)]
    deliver_notices(firm.estate, firm.runtime)
    scrape(firm)
    assert series(firm, "channel_failing") == {("people",): 1}
    firm.later(minutes=15)
    deliver_notices(firm.estate, firm.runtime)
    scrape(firm)
    assert board.titles()
    assert series(firm, "channel_failing") == series(firm, "channel_behind") == {}


def test_a_silence_in_force_is_shown(firm_and_board: tuple[SmallFirm, Board]) -> None:
    firm, _ = firm_and_board
    with firm.database.write() as connection:
        until = firm.clock() + timedelta(hours=1)
        add_silence(connection, (), "ada", "moving house", until, firm.clock())
    scrape(firm)
    assert series(firm, "silences") == {(): 1}
    firm.later(hours=2)
    scrape(firm)
    assert series(firm, "silences") == {}


def test_every_severity_is_counted_from_zero(firm_and_board: tuple[SmallFirm, Board]) -> None:
    firm, _ = firm_and_board
    page = firm.runtime.metrics.expose()[0].decode()
    for severity in Severity:
        assert f'tieout_incidents_opened_total{{severity="{severity.value}"}} 0.0' in page
        assert f'tieout_incidents{{severity="{severity.value}",state="open"}} 0.0' in page
        assert f'tieout_incidents_escalated{{severity="{severity.value}"}} 0.0' in page
