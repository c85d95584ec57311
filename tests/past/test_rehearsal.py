"""A rehearsal of the rules in force tells what happened; of others, what would have."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.cycle import run_cycle
from monitor.rehearsal import instants_between, rehearse
from monitor.reports.rehearsed import Comparison
from monitor.sampling import sample
from monitor.store.database import Database, open_database
from tests.cycle.small_firm import START, SmallFirm
from tests.databases import SQLite
from tests.past.estates import with_hand_off

HOUR = timedelta(hours=1)
HOURLY = instants_between(START, START + 24 * HOUR, HOUR)


@pytest.fixture(scope="module")
def firm(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallFirm]:
    """The day, for tests that only read of it."""
    with closing(open_database(sqlite.migrated(tmp_path_factory.mktemp("day")))) as database:
        yield day(database)


def day(database: Database) -> SmallFirm:
    """A day in which D1 is staffed after 6 hours, D2 never, and D3 at a wrong price for a while."""
    firm = SmallFirm(database)
    patient = {
        stream: replace(source, settings=source.settings.model_copy(update={"stale_after": HOUR}))
        for stream, source in firm.estate.sources.items()
    }
    firm.estate = replace(firm.estate, sources=patient)
    for hour in range(25):
        match hour:
            case 1:
                firm.win("D1")
                firm.win("D2", "500.00")
                firm.win("D3")
            case 2:
                firm.staff("D3")
            case 7:
                firm.staff("D1")
            case 9:
                firm.staff("D3", "800.00")
            case 12:
                firm.staff("D3")
        look(firm)
        run_cycle(firm.estate, firm.database, firm.clock)
        firm.later(hours=1)
    return firm


def look(firm: SmallFirm) -> None:
    for source in firm.estate.sources.values():
        sample(source, firm.database, firm.clock)


def told(comparisons: list[Comparison]) -> dict[str, tuple[int, ...]]:
    return {
        each.rehearsed.rule: (
            each.rehearsed.opened,
            each.rehearsed.closed,
            each.rehearsed.standing,
            each.before.opened,
            each.before.closed,
            each.before.standing,
            each.only_rehearsed,
            each.only_before,
        )
        for each in comparisons
    }


def test_the_rules_in_force_would_have_done_what_they_did(database: Database) -> None:
    firm = day(database)
    done = rehearse(firm.estate, firm.database, HOURLY, firm.clock())
    assert told(done.comparisons()) == {
        "budget": (1, 1, 0, 1, 1, 0, 0, 0),
        "won-to-project": (2, 1, 1, 2, 1, 1, 0, 0),
    }
    assert not done.unasked
    times = [
        frame.select("transaction", "rule", "opened_at", "closed_at").sort("transaction").rows()
        for frame in (done.rehearsed, done.before)
    ]
    assert (
        times[0]
        == times[1]
        == [
            ("D1", "won-to-project", START + 5 * HOUR, START + 7 * HOUR),
            ("D2", "won-to-project", START + 5 * HOUR, None),
            ("D3", "budget", START + 9 * HOUR, START + 12 * HOUR),
        ]
    )


def test_a_changed_rule_is_told_apart(firm: SmallFirm) -> None:
    patient = with_hand_off(firm.estate, within="8h")
    done = rehearse(patient, firm.database, HOURLY, firm.clock())
    assert told(done.comparisons())["won-to-project"] == (1, 0, 1, 2, 1, 1, 0, 1)
    assert told(rehearse(firm.estate, firm.database, HOURLY, firm.clock(), patient).comparisons())[
        "won-to-project"
    ] == (2, 1, 1, 1, 0, 1, 1, 0)


def test_nothing_is_written(firm: SmallFirm) -> None:
    def stored() -> list[object]:
        from sqlalchemy import select

        from monitor.store.schema import metadata

        with firm.database.read() as connection:
            return [connection.execute(select(table)).all() for table in metadata.sorted_tables]

    before = stored()
    rehearse(with_hand_off(firm.estate, within="8h"), firm.database, HOURLY, firm.clock())
    assert stored() == before


def test_before_the_first_look_nothing_is_found_and_it_is_said(firm: SmallFirm) -> None:
    early = instants_between(START - 48 * HOUR, START - 24 * HOUR, 12 * HOUR)
    done = rehearse(firm.estate, firm.database, early, firm.clock())
    assert done.rehearsed.is_empty()
    assert done.unasked == dict.fromkeys(
        ("sales.won-to-project", "sales.budget", "sales.orphan", "sales.twice"), 3
    )


def test_what_stood_before_a_gap_stands_through_it(sqlite_database: Database) -> None:
    firm = day(sqlite_database)
    firm.later(hours=10)
    look(firm)
    instants = instants_between(START + 20 * HOUR, firm.clock(), HOUR)
    done = rehearse(firm.estate, firm.database, instants, firm.clock())
    (standing,) = done.rehearsed.rows(named=True)
    assert (standing["transaction"], standing["opened_at"]) == ("D2", instants[0])
    assert standing["closed_at"] is None
    assert done.unasked["sales.won-to-project"] == 9


def test_stood_and_opened_less_closed_is_standing(firm: SmallFirm) -> None:
    for first in range(0, 24, 3):
        done = rehearse(firm.estate, firm.database, HOURLY[first:], firm.clock())
        for each in done.comparisons():
            for side in (each.rehearsed, each.before):
                assert side.stood + side.opened - side.closed == side.standing


def test_a_time_that_runs_backwards_or_never_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="forward"):
        instants_between(START, START - HOUR, HOUR)
    with pytest.raises(ValueError, match="larger steps"):
        instants_between(START, START + 9_999 * HOUR, HOUR)
    assert instants_between(START, START, HOUR) == (START,)
    assert instants_between(START, START + 1.5 * HOUR, HOUR)[1:] == (
        START + HOUR,
        START + 1.5 * HOUR,
    )
