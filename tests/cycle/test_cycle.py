"""One cycle after another over a firm of two systems, on every database."""

from datetime import timedelta

import pytest

from monitor.core.breaks import BreakKind, BreakState
from monitor.core.ports import Capabilities
from monitor.core.transactions import TransactionStatus
from monitor.reports.overview import look_over
from monitor.single_pass import Pass, pass_once
from monitor.store.breaks import load_breaks, standing_breaks
from monitor.store.database import Database
from monitor.store.outbox import depths
from monitor.store.touches import count_touched
from tests.cycle.small_firm import PROJECT, SmallFirm


@pytest.fixture
def firm(database: Database) -> SmallFirm:
    return SmallFirm(database)


def run(firm: SmallFirm) -> Pass:
    return pass_once(firm.estate, firm.runtime)


def standing(firm: SmallFirm) -> set[tuple[str, BreakKind, str]]:
    with firm.database.read() as connection:
        return {
            (each.finding.transaction, each.finding.kind, each.finding.field)
            for each in standing_breaks(connection)
        }


def statuses(firm: SmallFirm) -> dict[TransactionStatus, int]:
    counts = look_over(firm.estate, firm.database, firm.clock()).transactions["sales"]
    return {status: count for status, count in counts.items() if count}


def test_a_deal_that_was_handed_on_in_time_is_matched(firm: SmallFirm) -> None:
    firm.win("D1")
    firm.later(hours=1)
    firm.staff("D1")
    run(firm)
    assert standing(firm) == set()
    assert statuses(firm) == {TransactionStatus.MATCHED: 1}


def test_a_hand_off_is_awaited_until_its_time_is_over_and_then_missing(firm: SmallFirm) -> None:
    firm.win("D1")
    run(firm)
    assert statuses(firm) == {TransactionStatus.IN_FLIGHT: 1}
    firm.later(hours=4, minutes=1)
    run(firm)
    assert standing(firm) == {("D1", BreakKind.MISSING, "")}
    assert statuses(firm) == {TransactionStatus.BROKEN: 1}
    assert [notice.transaction for notice in firm.told.notices] == ["D1"]


def test_a_break_resolves_when_its_record_is_corrected(firm: SmallFirm) -> None:
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    run(firm)
    assert standing(firm) == {("D1", BreakKind.MISMATCH, "amount")}
    firm.later(minutes=1)
    firm.staff("D1", amount="1000.00")
    run(firm)
    assert standing(firm) == set()
    assert [notice.kind.value for notice in firm.told.notices] == ["opened", "resolved"]


def test_nothing_is_told_twice_when_nothing_changes(firm: SmallFirm) -> None:
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    for _ in range(3):
        run(firm)
        firm.later(minutes=1)
    assert len(firm.told.notices) == 1


def test_a_blind_source_gives_unknown_and_neither_missing_nor_all_clear(firm: SmallFirm) -> None:
    firm.win("D1")
    firm.win("D2")
    firm.staff("D2")
    run(firm)
    firm.psa.down = True
    firm.later(hours=6)
    done = run(firm)
    assert PROJECT in done.blind
    assert standing(firm) == set()
    assert statuses(firm) == {TransactionStatus.UNKNOWN: 2}
    firm.psa.down = False
    run(firm)
    assert standing(firm) == {("D1", BreakKind.MISSING, "")}
    assert statuses(firm) == {TransactionStatus.BROKEN: 1, TransactionStatus.MATCHED: 1}


def test_a_break_behind_another_is_found_when_a_blind_source_comes_back(firm: SmallFirm) -> None:
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    run(firm)
    firm.crm.down = True
    firm.later(minutes=1)
    firm.staff("D1", native_id="second", amount="900.00")
    run(firm)
    firm.crm.down = False
    firm.later(minutes=1)
    run(firm)
    kinds = {kind for _, kind, _ in standing(firm)}
    assert kinds == {BreakKind.MISMATCH, BreakKind.DUPLICATE}


def test_a_late_commit_with_an_older_stamp_is_found(firm: SmallFirm) -> None:
    firm.win("D1")
    firm.psa.hidden.add("p-D1")
    firm.staff("D1", amount="900.00")
    firm.later(minutes=2)
    firm.staff("D9")
    run(firm)
    assert ("D1", BreakKind.MISMATCH, "amount") not in standing(firm)
    firm.later(minutes=2)
    firm.psa.hidden.clear()
    run(firm)
    assert ("D1", BreakKind.MISMATCH, "amount") in standing(firm)


def test_a_deleted_record_is_seen_by_the_sweep(firm: SmallFirm) -> None:
    firm.win("D1")
    firm.staff("D1")
    firm.win("D2")
    firm.staff("D2")
    firm.later(hours=5)
    run(firm)
    assert standing(firm) == set()
    del firm.psa.rows["p-D1"]
    run(firm)
    assert standing(firm) == {("D1", BreakKind.MISSING, "")}


def test_a_source_that_is_suddenly_empty_deletes_nothing(firm: SmallFirm) -> None:
    firm.win("D1")
    firm.staff("D1")
    firm.later(hours=5)
    run(firm)
    firm.psa.rows.clear()
    done = run(firm)
    assert PROJECT in done.blind
    assert standing(firm) == set()


def test_a_suspicion_that_reading_by_key_disproves_is_never_told(firm: SmallFirm) -> None:
    firm.win("D1")
    run(firm)
    firm.later(hours=3)
    firm.staff("D1")
    # The change feed does not show it yet; asking by key does.
    firm.psa.rows["p-D1"] = row = firm.psa.rows["p-D1"]
    firm.psa.changes = lambda stream, window: iter(())  # type: ignore[method-assign]  # a lagging feed
    firm.later(hours=2)
    run(firm)
    assert row.native_id == "p-D1"
    assert standing(firm) == set()
    assert firm.told.notices == []


def test_a_margin_delays_the_telling(database: Database) -> None:
    firm = SmallFirm(database, settle=timedelta(minutes=10))
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    run(firm)
    assert standing(firm) == set()
    firm.later(minutes=11)
    run(firm)
    assert standing(firm) == {("D1", BreakKind.MISMATCH, "amount")}


def test_a_source_without_reads_by_key_needs_a_second_complete_look(database: Database) -> None:
    firm = SmallFirm(database, able=Capabilities())
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    run(firm)
    with database.read() as connection:
        [found] = load_breaks(connection, "sales", ["D1"])
    assert found.state is BreakState.SUSPECTED
    firm.later(minutes=1)
    run(firm)
    assert standing(firm) == {("D1", BreakKind.MISMATCH, "amount")}


def test_an_orphan_finds_its_deal_when_it_appears(firm: SmallFirm) -> None:
    firm.staff("D1")
    run(firm)
    assert standing(firm) == {("D1", BreakKind.ORPHAN, "")}
    firm.later(minutes=1)
    firm.win("D1")
    run(firm)
    assert standing(firm) == set()


def test_a_cycle_leaves_no_touch_and_no_notice_behind(firm: SmallFirm) -> None:
    for number in range(10):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="1.00")
    run(firm)
    with firm.database.read() as connection:
        assert count_touched(connection) == 0
        assert sum(depths(connection).values()) == 0
    assert len(firm.told.notices) == 10


def test_people_hear_once_that_a_source_is_blind_and_once_that_it_is_back(firm: SmallFirm) -> None:
    run(firm)
    firm.psa.down = True
    for _ in range(5):
        firm.later(minutes=6)
        run(firm)
    firm.psa.down = False
    firm.later(minutes=1)
    run(firm)
    assert [(each.kind.value, each.system, each.owner) for each in firm.told.notices] == [
        ("blind", "psa", "delivery"),
        ("sighted", "psa", "delivery"),
    ]


def test_one_failed_look_is_no_news(firm: SmallFirm) -> None:
    run(firm)
    firm.psa.down = True
    firm.later(minutes=1)
    run(firm)
    firm.psa.down = False
    firm.later(minutes=1)
    run(firm)
    assert firm.told.notices == []
