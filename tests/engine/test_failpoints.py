"""A crash before or after any durable step: the next run comes to what an undisturbed one does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.single_pass import pass_once
from monitor.store.database import Connection, Database, open_database
from monitor.store.outbox import depths
from monitor.store.touches import count_touched
from tests.cycle.small_firm import SmallFirm
from tests.databases import SQLite
from tests.engine.standing import openings, standing, statuses


class Crash(BaseException):
    """The process is gone: nothing in the code may catch it."""


class Fragile:
    """A store whose process dies at the n-th write, before it is durable or right after."""

    def __init__(self, database: Database, dies_at: int, *, durable: bool) -> None:
        self._database, self._left, self._durable = database, dies_at, durable
        self.read = database.read
        self.refresh_statistics = database.refresh_statistics

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self._left -= 1
        if self._left < 0:
            raise Crash
        with self._database.write() as connection:
            yield connection
            if not self._left and not self._durable:
                raise Crash
        if not self._left:
            raise Crash


def eventful(firm: SmallFirm) -> None:
    """Breaks of every kind that the small firm knows."""
    firm.win("D1")
    firm.win("D2")
    firm.staff("D2", amount="1.00")
    firm.win("D3")
    firm.staff("D3")
    firm.staff("D3", native_id="second")
    firm.staff("D4")
    firm.later(hours=5)


def outcome(firm: SmallFirm) -> tuple[object, ...]:
    with firm.database.read() as connection:
        waiting = count_touched(connection), sum(depths(connection).values())
    told = sorted((each.transaction, str(each.break_kind)) for each in firm.told.notices)
    seen = standing(firm.database), statuses(firm.database), openings(firm.database)
    return *seen, *waiting, sorted(set(told))


@pytest.mark.parametrize("durable", [False, True])
def test_a_crash_at_any_write_changes_nothing_in_the_end(
    sqlite: SQLite, tmp_path: Path, durable: bool
) -> None:
    undisturbed, crashes = None, 0
    for dies_at in range(200):
        database = open_database(sqlite.migrated(tmp_path))
        firm = SmallFirm(database)
        eventful(firm)
        crashed = False
        if dies_at:
            fragile = Fragile(database, dies_at, durable=durable)
            firm.runtime = type(firm.runtime)(
                fragile,  # type: ignore[arg-type]  # what of a store a pass needs
                firm.runtime.metrics,
                firm.clock,
                firm.runtime.calls,
            )
            try:
                pass_once(firm.estate, firm.runtime)
            except Crash:
                crashed = True
            firm.runtime = SmallFirm(database).runtime
            firm.runtime = type(firm.runtime)(
                database, firm.runtime.metrics, firm.clock, firm.runtime.calls
            )
            firm.later(hours=1)
        pass_once(firm.estate, firm.runtime)
        if not dies_at:
            undisturbed = outcome(firm)
        else:
            assert outcome(firm) == undisturbed, f"crash at write {dies_at}"
            crashes += crashed
        for path in tmp_path.iterdir():
            path.unlink()
        database.close()
        if dies_at and not crashed:
            break
    assert crashes > 10
