"""The firm's own landscape finds what the ledger says, through the whole loop, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.core.breaks import BreakState
from monitor.core.metrics import Metrics
from monitor.core.transactions import TransactionStatus
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.reports.overview import look_over
from monitor.simulation import Disturbance, FaultKind, SimulatedFirm, environment
from monitor.simulation.faults import FAULTS
from monitor.single_pass import Pass, pass_once
from monitor.store.breaks import standing_breaks
from monitor.store.database import open_database
from monitor.store.schema import record
from tests.simulation.conftest import StartFirm
from tests.simulation.recount import Seen, expected


@dataclass
class Rehearsal:
    """A firm, and tieout beside it."""

    firm: SimulatedFirm
    estate: Estate
    runtime: Runtime

    def watch(self) -> Pass:
        """A pass some seconds after whatever happened last."""
        self.firm.advance(timedelta(seconds=5))
        done = pass_once(self.estate, self.runtime)
        assert not done.failed
        return done

    def found(self) -> set[Seen]:
        """Every break that stands and was confirmed."""
        with self.runtime.database.read() as connection:
            standing = [
                each.finding
                for each in standing_breaks(connection)
                if each.state is not BreakState.SUSPECTED
            ]
        seen = {
            (each.transaction, each.kind.value, each.system, each.field, each.record_id)
            for each in standing
        }
        assert len(seen) == len(standing)
        return seen

    def kept(self) -> set[tuple[str, str, str, bool]]:
        """Every record as the store holds it now."""
        columns = (record.c.stream, record.c.native_id, record.c.version, record.c.deleted)
        with self.runtime.database.read() as connection:
            return {tuple(row) for row in connection.execute(select(*columns))}

    def planted(self) -> set[Seen]:
        """What stands in the ledger."""
        return {expected(entry) for entry in self.firm.ledger()}


Rehearse = Callable[..., Rehearsal]


@pytest.fixture
def rehearse(start_firm: StartFirm, tmp_path: Path) -> Iterator[Rehearse]:
    with ExitStack() as opened:

        def start(deals: int, faults: int | None = None, seed: int = 1) -> Rehearsal:
            firm = start_firm(seed=seed, deals=deals, faults=faults)
            with as_file(files("monitor.simulation") / "landscape.yaml") as path:
                landscape = read_landscape(path, environment(firm))
            database = open_database(f"sqlite:///{tmp_path}/{len(list(tmp_path.iterdir()))}.db")
            opened.callback(database.close)
            database.migrate()
            estate = build_estate(landscape, firm.clock, calls_today={}, sleep=lambda seconds: None)
            opened.callback(estate.close)
            runtime = Runtime(database, Metrics("test"), firm.clock, CallLedger())
            return Rehearsal(firm, estate, runtime)

        yield start


def test_the_example_is_the_landscape_of_the_product() -> None:
    example = Path(__file__).parents[2] / "examples" / "simulated-firm" / "landscape.yaml"
    with as_file(files("monitor.simulation") / "landscape.yaml") as path:
        assert example.read_text() == path.read_text()


def test_every_planted_fault_is_found_and_nothing_else(rehearse: Rehearse) -> None:
    rehearsal = rehearse(deals=100)
    done = rehearsal.watch()
    assert done.blind == {}
    assert {look.failure for look in done.looks} == {None}
    assert sum(look.tally.rejected for look in done.looks) == 0
    assert len(rehearsal.planted()) >= 20
    assert rehearsal.found() == rehearsal.planted()


def test_what_is_planted_and_repaired_later_opens_and_resolves(rehearse: Rehearse) -> None:
    rehearsal = rehearse(deals=40, faults=0)
    rehearsal.watch()
    assert rehearsal.found() == set()
    entries = [rehearsal.firm.plant(fault.kind, system=fault.system) for fault in FAULTS]
    rehearsal.watch()
    assert rehearsal.found() == rehearsal.planted()
    for entry in entries[::2]:
        rehearsal.firm.repair(entry)
    rehearsal.watch()
    assert rehearsal.found() == rehearsal.planted()
    assert len(rehearsal.found()) == len(entries) // 2


def test_time_alone_opens_nothing(rehearse: Rehearse) -> None:
    rehearsal = rehearse(deals=40, faults=0)
    for _ in range(3):
        rehearsal.watch()
        assert rehearsal.found() == set()
        rehearsal.firm.advance(timedelta(days=4))


def test_a_late_commit_behind_newer_rows_is_found(rehearse: Rehearse) -> None:
    rehearsal = rehearse(deals=40, faults=0)
    late = rehearsal.firm.late_commit(timedelta(minutes=2), system="erp")
    rehearsal.firm.advance(timedelta(seconds=30))
    newer = rehearsal.firm.plant(FaultKind.AMOUNT_DRIFT, system="erp")
    rehearsal.watch()
    assert rehearsal.found() == {expected(newer)}
    rehearsal.firm.advance(timedelta(minutes=2))
    rehearsal.watch()
    assert rehearsal.found() == {expected(newer), expected(late)}


def live_through_a_day(rehearsal: Rehearsal, trouble: Disturbance | None) -> None:
    """Faults come and go while the systems are disturbed; the last look is taken until it holds."""
    rehearsal.firm.disturb(trouble)
    rehearsal.watch()
    planted = [rehearsal.firm.plant(fault.kind, system=fault.system) for fault in FAULTS[::2]]
    rehearsal.watch()
    for entry in planted[::2]:
        rehearsal.firm.repair(entry)
    for _ in range(3):
        done = rehearsal.watch()
    assert done.blind == {}


def test_troubles_on_the_way_change_nothing_of_what_is_kept_and_found(rehearse: Rehearse) -> None:
    calm, disturbed = rehearse(deals=50, faults=6), rehearse(deals=50, faults=6)
    live_through_a_day(calm, None)
    live_through_a_day(disturbed, Disturbance(seed=7, rate=0.25))
    assert disturbed.firm.troubles.happened.total() > 20
    assert calm.firm.ledger() == disturbed.firm.ledger()
    assert calm.found() == disturbed.found() == disturbed.planted()
    assert calm.kept() == disturbed.kept()


def test_a_system_that_is_down_gives_unknown_and_no_missing_hand_offs(rehearse: Rehearse) -> None:
    rehearsal = rehearse(deals=40, faults=0)
    rehearsal.firm.take_down("erp")
    done = rehearsal.watch()
    assert {stream.system for stream in done.blind} == {"erp"}
    assert rehearsal.found() == set()
    clock, database = rehearsal.runtime.clock, rehearsal.runtime.database
    counts = look_over(rehearsal.estate, database, clock()).transactions["sales-to-cash"]
    assert counts[TransactionStatus.MATCHED] == 0
    assert counts[TransactionStatus.UNKNOWN] > 0
    rehearsal.firm.bring_up("erp")
    assert rehearsal.watch().blind == {}
    assert rehearsal.found() == set()
