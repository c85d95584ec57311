"""The whole loop over real HTTP: six simulated systems, faults planted, seen, repaired.

What these tests prove is that tieout understands the simulated firm; they say nothing of any
vendor's system.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.transactions import TransactionStatus
from monitor.reports.overview import look_over
from monitor.simulation.disturbance import Disturbance, Trouble
from monitor.simulation.ledger import FaultKind
from monitor.store.database import Database
from tests.firm.watching import Watch, everything_known, fresh_store, watched


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_exactly_the_planted_faults_are_found(database: Database, seed: int) -> None:
    with watched(database, seed=seed, deals=120) as watch:
        watch.look()
        assert len(watch.planted()) >= len(FaultKind)
        assert watch.found() == watch.planted()


def test_a_repaired_fault_resolves_alone_and_a_new_one_opens(sqlite_database: Database) -> None:
    with watched(sqlite_database) as watch:
        watch.look()
        before = watch.found()
        repaired = watch.firm.repair(watch.firm.ledger()[0])
        watch.firm.advance(timedelta(minutes=1))
        watch.look()
        assert len(before - watch.found()) == 1
        assert repaired.deal in {deal for deal, *_ in before - watch.found()}
        watch.firm.plant(FaultKind.AMOUNT_DRIFT)
        watch.firm.advance(timedelta(minutes=1))
        watch.look()
        assert watch.found() == watch.planted()


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_kind_of_fault_is_seen_when_it_happens_and_gone_when_repaired(
    sqlite_database: Database, kind: FaultKind
) -> None:
    with watched(sqlite_database, seed=5) as watch:
        watch.look()
        entry = watch.firm.plant(kind)
        watch.firm.advance(timedelta(minutes=2))
        watch.look()
        assert watch.found() == watch.planted()
        watch.firm.repair(entry)
        watch.firm.advance(timedelta(minutes=2))
        watch.look()
        assert watch.found() == watch.planted()


def test_a_row_committed_late_behind_a_newer_one_is_found(sqlite_database: Database) -> None:
    with watched(sqlite_database) as watch:
        watch.look()
        late = watch.firm.late_commit(timedelta(minutes=5))
        watch.firm.plant(FaultKind.CURRENCY_DRIFT)
        watch.firm.advance(timedelta(minutes=2))
        watch.look()
        assert late.deal not in {deal for deal, *_ in watch.found() - watch.planted()}
        watch.firm.advance(timedelta(minutes=4))
        assert late in watch.firm.ledger()
        watch.look()
        assert watch.found() == watch.planted()


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_disturbed_reader_ends_in_the_same_state_as_an_undisturbed_one(
    tmp_path: Path, seed: int
) -> None:
    with fresh_store(tmp_path, "calm.db") as calm, watched(calm) as watch:
        _live(watch)
        expected = everything_known(calm)
    with fresh_store(tmp_path, "disturbed.db") as disturbed, watched(disturbed) as watch:
        watch.firm.disturb(Disturbance(seed, rate=0.3))
        _live(watch)
        befallen = {trouble for _, trouble in watch.firm.troubles.happened}
        watch.firm.disturb(None)
        watch.look()
        assert befallen == set(Trouble)
        assert everything_known(disturbed) == expected


def _live(watch: Watch) -> None:
    """A few looks while faults come and go."""
    watch.look()
    entry = watch.firm.plant(FaultKind.AMOUNT_DRIFT)
    watch.firm.advance(timedelta(minutes=2))
    watch.look()
    watch.firm.repair(entry)
    watch.firm.plant(FaultKind.DUPLICATE_PROJECT)
    watch.firm.advance(timedelta(minutes=2))
    watch.look()
    watch.firm.advance(timedelta(minutes=2))
    watch.look()


def test_a_system_that_is_down_gives_unknown_and_no_all_clear(sqlite_database: Database) -> None:
    with watched(sqlite_database) as watch:
        watch.firm.take_down("erp")
        done = watch.look()
        assert {stream.system for stream in done.blind} == {"erp"}
        about_erp = {identity for identity in watch.found() if identity[2] == "erp"}
        assert about_erp == set()
        counts = _counts(watch)
        assert counts[TransactionStatus.MATCHED] == counts[TransactionStatus.IN_FLIGHT] == 0
        watch.firm.bring_up("erp")
        watch.firm.advance(timedelta(minutes=1))
        watch.look()
        assert watch.found() == watch.planted()
        assert _counts(watch)[TransactionStatus.UNKNOWN] == 0


def test_a_system_that_goes_down_later_raises_and_resolves_nothing(
    sqlite_database: Database,
) -> None:
    with watched(sqlite_database) as watch:
        watch.look()
        before = watch.found()
        watch.firm.take_down("psa")
        watch.firm.advance(timedelta(days=2))
        watch.look()
        gone = before - watch.found()
        new_about_psa = {each for each in watch.found() - before if "psa" in each}
        assert gone == set()
        assert new_about_psa == set()
        watch.firm.bring_up("psa")
        watch.look()
        assert watch.found() == watch.planted()


def _counts(watch: Watch) -> dict[TransactionStatus, int]:
    overview = look_over(watch.estate, watch.runtime.database, watch.firm.clock())
    return dict(overview.transactions["sales-to-cash"])
