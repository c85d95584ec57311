"""The failpoint sweep over HTTP: a firm whose writes pass an intermediary on their way.

A run is played within this process, as `tests.correcting.stage` does, or by real ones: one that is
killed by SIGKILL, and then others with an interpreter of their own that go on from the store alone.
"""

import copy
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from monitor.cli import workbench
from monitor.core.clock import system_clock
from monitor.core.corrections import Fix, Plan, PlanState, idempotency_key
from monitor.correcting.applying import apply_plan
from monitor.correcting.failpoints import Failpoint, arm
from monitor.correcting.planning import Request, draft_plan
from monitor.correcting.working import take_turn
from monitor.estate import Estate
from monitor.simulation.clock import VirtualClock
from monitor.single_pass import pass_once
from monitor.store.approvals import add_approval
from monitor.store.database import Database
from monitor.store.plans import keep_plan, load_plan, move_plan, state_of
from tests.correcting.crashes import (
    LATE_ARRIVALS,
    Killed,
    Medium,
    Result,
    Run,
    Scenario,
    dying,
    is_over,
    judge,
)
from tests.correcting.intermediary import Intermediary, Passage
from tests.correcting.stage import TURNS, StoreFile
from tests.correcting.typed import Typed
from tests.writing.fake_target import FakeTarget

_SETTLING: Final = frozenset(
    {Failpoint.BEFORE_SETTLING, Failpoint.WITHIN_SETTLING, Failpoint.AFTER_SETTLING}
)
_PATIENT: Final = 30
"""Minutes after which what was not found has been given up."""

_IMPATIENT: Final[dict[str, Any]] = {"deadline": "PT0.4S", "retry": {"tries": 1}}
"""A late answer is not waited for."""


class Wire:
    """A firm over a target, and two stores of it: in one a plan waits, in one it is begun."""

    def __init__(self, folder: Path) -> None:
        self.target = FakeTarget()
        self.between = Intermediary(lambda: self.target.url)
        self._typed = Typed(self.target, folder)
        self._store = StoreFile(folder / "tieout.db")
        self._waiting, self._begun = folder / "waiting.db", folder / "begun.db"
        self._now = system_clock()
        self._clock = VirtualClock(self._now)

    def __enter__(self) -> Self:
        self.target.__enter__()
        self.between.__enter__()
        typed = self._typed
        for number in range(1, 9):
            typed.win(f"OPP-{number}", "100.00", "100.00")
        typed.win("OPP-9", "1200.00", "1000.00")
        typed.win("OPP-10", "500.00", None)
        typed.win("OPP-11", "900.00", "1.00")
        os.environ.update({**typed.variables, "TARGET_URL": self.between.url})
        typed.describe(**_IMPATIENT)
        self._hasty = self._build()
        typed.describe()
        self._estate = self._build()
        self._plan_everything()
        self._rows = copy.deepcopy(self.target.collections)
        return self

    def __exit__(self, *error: object) -> None:
        self._store.close()
        self._estate.close()
        self._hasty.close()
        self.between.__exit__(None, None, None)
        self.target.__exit__(None, None, None)

    def play(self, run: Run) -> Result:
        """Die, come back, work on, and be held to account; all in this process."""
        database, plan = self._set(any(point is Failpoint.PLAN_CLAIMED for point, _ in run.crashes))
        passages = [each for each in run.mishaps if each is None or isinstance(each, Passage)]
        self.between.expect(*passages)
        estate = self._hasty if Passage.REPLY_LATE in passages else self._estate
        self._clock = VirtualClock(self._now)
        result = Result(run)
        arm(dying(result))
        try:
            self._live(estate, database, plan)
        finally:
            arm()
        result.met = set(self.between.met)
        self._judge(plan, database, result)
        return result

    def kill_at(self, point: Failpoint) -> Result:
        """Kill a process there, let others go on, and hold all of them to account."""
        passage = _needed_at(point)
        run = Run(Scenario.REPAIR, ((point, 1),), (passage,), medium=Medium.SIGKILL)
        result = Result(run)
        database, plan = self._set(point is Failpoint.PLAN_CLAIMED)
        database.close()
        self.between.expect(passage)
        minutes = 0
        if passage is Passage.REQUEST_VERY_LATE:
            self._start(plan, 0, Failpoint.AFTER_OUTCOME).wait()
            self._start(plan, _PATIENT, Failpoint.AFTER_SETTLING).wait()
            self.between.let_go(passage)
            minutes = 2 * _PATIENT
        killed = self._start(plan, minutes, point)
        self._expect_killed(killed, result)
        if result.died:
            result.reached = {point}
        return self._go_on(plan, minutes, database, result)

    def kill_in_the_call(self) -> Result:
        """Kill a process while it waits for the answer to its write."""
        run = Run(Scenario.REPAIR, (), (Passage.REPLY_LATE,), medium=Medium.SIGKILL)
        result = Result(run)
        database, plan = self._set(is_waiting=False)
        database.close()
        self.between.expect(Passage.REPLY_LATE)
        process = self._start(plan, 0)
        assert self.between.held.wait(60), "the process never wrote anything"
        process.kill()
        self._expect_killed(process, result)
        self.between.let_go()
        return self._go_on(plan, 0, database, result)

    def _go_on(self, plan: str, minutes: int, database: Database, result: Result) -> Result:
        """What was left is finished by a process that knows nothing but the store."""
        if self._start(plan, minutes + _PATIENT).wait():
            result.violations.append("what came after it did not come to an end")
        result.met = set(self.between.met)
        self._judge(plan, database, result)
        return result

    def _start(self, plan: str, minutes: int, *points: Failpoint) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.correcting.killed"]
        arguments = [str(self._typed.path), plan, str(minutes), *points]
        return subprocess.Popen([*command, *arguments], stderr=subprocess.DEVNULL)

    def _expect_killed(self, process: subprocess.Popen[bytes], result: Result) -> None:
        if process.wait(120) == -signal.SIGKILL:
            result.died = 1
        else:
            result.violations.append("the process was not killed: it never came there")

    def _live(self, estate: Estate, database: Database, plan: str) -> None:
        with suppress(Killed):
            apply_plan(estate, database, plan, self._clock)
        self.between.let_go(Passage.REQUEST_LATE)
        for _ in range(TURNS):
            if is_over(database, plan):
                break
            with database.read() as connection:
                is_done = state_of(connection, plan) is PlanState.DONE
            late = [Passage.REQUEST_LATE, Passage.REQUEST_VERY_LATE] if is_done else []
            self.between.let_go(*late)
            self._clock.advance(timedelta(minutes=60 if is_done else 3))
            with suppress(Killed):
                take_turn(estate, database, self._clock)

    def _build(self) -> Estate:
        """The landscape made ready."""
        settings = workbench.load(self._typed.path)
        with workbench.opened_store(settings) as database:
            return workbench.build(settings, database, self._present)

    def _present(self) -> datetime:
        """By the clock of the run that is being played."""
        return self._clock()

    def _plan_everything(self) -> None:
        """Two stores: the plan approved, and begun with its last correction left to a person."""
        with workbench.opened_store(workbench.load(self._typed.path)) as database:
            pass_once(self._estate, workbench.new_runtime(database))
            request = Request("sales", requester="rita")
            drafted = draft_plan(self._estate, request, database, system_clock).plan
        by_hand = replace(drafted.corrections[2], fix=Fix.HAND_OVER, write=None)
        begun = replace(drafted, corrections=(*drafted.corrections[:2], by_hand))
        self._plans = {
            self._waiting: _keep(self._store.path, self._waiting, drafted, is_begun=False),
            self._begun: _keep(self._store.path, self._begun, begun, is_begun=True),
        }

    def _set(self, is_waiting: bool) -> tuple[Database, str]:
        """A store as it was set, over a target as it was."""
        source = self._waiting if is_waiting else self._begun
        self.target.ledger.clear()
        self.target.forget_keys()
        self.target.collections = copy.deepcopy(self._rows)
        return self._store.copy_of(source), self._plans[source]

    def _judge(self, name: str, database: Database, result: Result) -> None:
        with database.read() as connection:
            kept = load_plan(connection, name, self._estate.fields)
        assert kept is not None
        keys = [each.key or _key_of(each.place, kept.plan) for each in self.target.ledger]
        judge(database, kept.plan, keys, result)


def _needed_at(point: Failpoint) -> Passage | None:
    """What has to go wrong for the work to come there."""
    if point in LATE_ARRIVALS:
        return Passage.REQUEST_VERY_LATE
    return Passage.REPLY_LOST if point in _SETTLING else None


def _keep(source: Path, store: Path, plan: Plan, *, is_begun: bool) -> str:
    """Keep a plan as approved, or as one that is being applied; returns its hash."""
    database = StoreFile(store).copy_of(source)
    with database.write() as connection:
        keep_plan(connection, plan)
        add_approval(connection, plan.hash, "ann", "", plan.made_at, is_approved=True)
        state, after = PlanState.PROPOSED, PlanState.APPROVED
        assert move_plan(connection, plan.hash, state, after, "", plan.made_at)
        if is_begun:
            assert move_plan(connection, plan.hash, after, PlanState.APPLYING, "", plan.made_at)
    database.close()
    return plan.hash


def _key_of(place: str, plan: Plan) -> str:
    """The idempotency key of what changes a record; the target is sent none where it compares."""
    native_id = place.partition("/")[2]
    return next(
        idempotency_key(plan, each)
        for each in plan.corrections
        if each.write is not None and each.write.native_id == native_id
    )
