"""A daemon and a pass by hand over one store, and what they leave to one another."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

from monitor import cycle, jobs
from monitor.delivery import deliver
from monitor.single_pass import pass_once
from monitor.store.database import Connection, Database
from monitor.store.outbox import claim_due
from monitor.store.touches import count_touched
from tests.cycle.small_firm import SmallFirm
from tests.engine.standing import openings, standing


class Overtaken:
    """A store in which another cycle is quicker, just before the n-th write."""

    def __init__(self, firm: SmallFirm, moment: int) -> None:
        self._firm, self._left = firm, moment
        self.read = firm.database.read

    def write(self) -> AbstractContextManager[Connection]:
        self._left -= 1
        if not self._left:
            cycle.run_cycle(self._firm.estate, self._firm.database, self._firm.clock)
        return self._firm.database.write()


def test_a_cycle_that_another_overtook_looks_again(database: Database) -> None:
    firm = SmallFirm(database)
    for moment in range(1, 7):
        firm.win(f"D{moment}")
        firm.staff(f"D{moment}", amount="900.00")
        for stream in firm.estate.sources:
            jobs.sample_stream(firm.estate, firm.runtime, stream)
        overtaken: Any = Overtaken(firm, moment)
        cycle.run_cycle(firm.estate, overtaken, firm.clock)
        firm.later(minutes=1)
    assert len(standing(database)) == 6
    assert set(openings(database).values()) == {1}


def test_passes_side_by_side_open_each_break_once_and_leave_no_touch(database: Database) -> None:
    firm = SmallFirm(database)
    for number in range(40):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="1.00")
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: pass_once(firm.estate, firm.runtime), range(3)))
    assert not any(each.failed for each in done)
    assert len(standing(database)) == 40
    assert set(openings(database).values()) == {1}
    with database.read() as connection:
        assert count_touched(connection) == 0


def test_a_notice_whose_sender_died_is_sent_by_whoever_comes_later(database: Database) -> None:
    firm = SmallFirm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    for stream in firm.estate.sources:
        jobs.sample_stream(firm.estate, firm.runtime, stream)
    jobs.settle_cycle(firm.estate, firm.runtime)
    with database.write() as connection:
        assert len(claim_due(connection, firm.clock(), 10)) == 1
    assert deliver(firm.estate.channels, database, firm.clock) == ()
    firm.later(hours=1)
    assert len(deliver(firm.estate.channels, database, firm.clock)) == 1
    assert len(firm.told.notices) == 1
