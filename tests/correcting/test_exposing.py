"""What became of corrections, as counters: each end is counted once, whoever brought it about."""

import pytest

from monitor.correcting.exposing import show_corrections
from monitor.correcting.working import take_turn
from monitor.exposition import known_names
from monitor.store.database import Database
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Mishap


@pytest.fixture
def firm(sqlite_database: Database) -> CorrectedFirm:
    made = CorrectedFirm(sqlite_database)
    for deal in ("D1", "D2"):
        made.win(deal)
        made.staff(deal, amount="1.00")
    made.look()
    made.runtime.metrics.prepare(known_names(made.estate))
    return made


def ended(firm: CorrectedFirm, outcome: str) -> float:
    show_corrections(firm.estate, firm.database, firm.runtime.metrics, firm.clock())
    lines = firm.runtime.metrics.expose()[0].decode().splitlines()
    name = f'tieout_corrections_ended_total{{outcome="{outcome}"}}'
    return float(next(line.rsplit(" ", 1)[1] for line in lines if line.startswith(name)))


def test_each_end_is_counted_once(firm: CorrectedFirm) -> None:
    assert ended(firm, "verified") == 0
    firm.target.mishaps = [Mishap.REFUSED]
    firm.apply(firm.approved())
    for _ in range(2):
        assert (ended(firm, "verified"), ended(firm, "failed")) == (1, 1)


def test_what_arrives_after_it_failed_is_counted_as_both(firm: CorrectedFirm) -> None:
    firm.corrections = {"late": "4h"}
    firm.rebuild()
    assert ended(firm, "failed") == 0
    firm.target.mishaps = [Mishap.VERY_LATE]
    firm.apply(firm.approved())
    firm.later(minutes=16)
    take_turn(firm.estate, firm.database, firm.clock)
    assert (ended(firm, "failed"), ended(firm, "verified")) == (1, 1)
    for _ in range(4):
        firm.later(minutes=30)
        take_turn(firm.estate, firm.database, firm.clock)
    assert (ended(firm, "failed"), ended(firm, "verified")) == (1, 2)
