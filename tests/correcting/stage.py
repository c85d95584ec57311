"""A stage in memory: set once, it plays every run of the failpoint sweep on a copy of its store."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from monitor.core.corrections import PlanState
from monitor.core.model import Record
from monitor.correcting.applying import apply_plan
from monitor.correcting.failpoints import Failpoint, arm
from monitor.correcting.undoing import draft_undo
from monitor.correcting.working import take_turn
from monitor.store.database import Database, open_database
from monitor.store.plans import move_plan
from tests.correcting.crashes import Killed, Result, Run, Scenario, dying, is_over, judge
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Effect, Mishap
from tests.databases import SQLite

TURNS = 40
"""Of three minutes each, and of an hour once the plan is done: longer than anything may take."""


@dataclass(frozen=True)
class _Set:
    """A scenario as it was set: an approved plan of three corrections, or one to undo some."""

    approved: Path
    claimed: Path
    rows: tuple[dict[str, Record], dict[str, Record]]
    ledger: tuple[Effect, ...]
    now: datetime
    plan: str


class StoreFile:
    """One opened store whose file is another's copy each time, so that statements stay compiled."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database: Database | None = None

    def copy_of(self, other: Path) -> Database:
        """The store with what another one holds."""
        self.close()
        for each in self.path.parent.glob(f"{self.path.name}*"):
            each.unlink()
        shutil.copy(other, self.path)
        self._database = self._database or open_database(f"sqlite:///{self.path}")
        return self._database

    def close(self) -> None:
        """Let go of every connection to the file."""
        if self._database is not None:
            self._database.close()


class Stage:
    """Sets the scenarios once, and plays every run on a copy of one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sqlite = SQLite(folder)
        self._store = StoreFile(folder / "run.db")
        self._sets = {scenario: self._set(scenario) for scenario in Scenario}

    def play(self, run: Run) -> Result:
        """Die, come back, work on, and be held to account."""
        firm, staged = self._copy(run)
        result = Result(run)
        try:
            self._live(firm, staged.plan, result)
            effects = [each.key for each in firm.target.ledger[len(staged.ledger) :]]
            judge(firm.database, firm.plan(staged.plan), effects, result)
        finally:
            arm()
            self._store.close()
        return result

    def _live(self, firm: CorrectedFirm, plan: str, result: Result) -> None:
        target, run = firm.target, result.run
        planned = [each for each in run.mishaps if each is None or isinstance(each, Mishap)]
        target.mishaps = list(planned)

        def meddle(reached: int) -> None:
            if reached in run.edits and "p-D1" in target.rows:
                target.edit("p-D1", amount=Decimal("7.00"))

        arm(dying(result, meddle))
        with suppress(Killed):
            apply_plan(firm.estate, firm.database, plan, firm.clock)
        for _ in range(TURNS):
            if is_over(firm.database, plan):
                break
            firm.later(minutes=60 if firm.plan_state(plan) is PlanState.DONE else 3)
            with suppress(Killed):
                take_turn(firm.estate, firm.database, firm.clock)
        met = planned[: len(planned) - len(target.mishaps)]
        result.met = {each for each in met if each is not None}

    def _set(self, scenario: Scenario) -> _Set:
        folder = self._folder / scenario
        folder.mkdir()
        firm = CorrectedFirm(open_database(self._sqlite.migrated(folder)))
        for deal in ("D1", "D2", "D3"):
            firm.win(deal)
        firm.staff("D1", amount="1.00")
        firm.staff("D3")
        firm.staff("D4")
        firm.look()
        firm.later(hours=5)
        firm.look()
        plan = firm.approved()
        if scenario is Scenario.UNDO:
            firm.apply(plan)
            firm.look()
            [done] = [each for each in firm.entries(plan) if each.native_id == "p-D1"]
            draft = draft_undo(firm.estate, firm.database, done.id, "carl", firm.clock)
            plan = firm.keep(draft)
            firm.approve(plan)
        firm.database.close()
        claimed = _claimed(folder / "tieout.db", plan, firm.clock())
        rows = dict(firm.crm.rows), dict(firm.psa.rows)
        return _Set(
            folder / "tieout.db", claimed, rows, tuple(firm.target.ledger), firm.clock(), plan
        )

    def _copy(self, run: Run) -> tuple[CorrectedFirm, _Set]:
        staged = self._sets[run.scenario]
        # To claim a plan takes most of the time; it is done where somebody dies by it.
        begins = any(point is Failpoint.PLAN_CLAIMED for point, _ in run.crashes)
        firm = CorrectedFirm(self._store.copy_of(staged.approved if begins else staged.claimed))
        firm.clock.advance(staged.now - firm.clock())
        firm.crm.rows, firm.psa.rows = dict(staged.rows[0]), dict(staged.rows[1])
        firm.target.ledger = list(staged.ledger)
        return firm, staged


def _claimed(approved: Path, plan: str, now: datetime) -> Path:
    """A copy of a store in which the plan is being applied already."""
    copy = approved.with_name("claimed.db")
    shutil.copy(approved, copy)
    database = open_database(f"sqlite:///{copy}")
    with database.write() as connection:
        assert move_plan(connection, plan, PlanState.APPROVED, PlanState.APPLYING, "", now)
    database.close()
    return copy
