"""Real processes, killed at each failpoint, over a target that keeps its own ledger."""

import copy
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from monitor.cli import workbench
from monitor.core.clock import system_clock
from monitor.core.corrections import CorrectionState, Fix, Plan, PlanState, idempotency_key
from monitor.correcting.failpoints import Failpoint
from monitor.correcting.planning import Request, draft_plan
from monitor.single_pass import pass_once
from monitor.store.audit import verify_audit
from monitor.store.corrections import corrections_of
from monitor.store.database import open_database
from monitor.store.plans import add_approval, keep_plan, load_plan, move_plan, state_of
from tests.correcting.crashes import Result, Run, Scenario, held_to_account
from tests.correcting.killed import work
from tests.correcting.typed import Typed
from tests.writing.fake_target import FakeTarget, Mishap

_SETTLING: Final = frozenset(
    {Failpoint.BEFORE_SETTLING, Failpoint.WITHIN_SETTLING, Failpoint.AFTER_SETTLING}
)
_LATER: Final = 10


class Scene:
    """A firm over a target, and two stores of it: in one a plan waits, in one it is begun."""

    def __init__(self, folder: Path) -> None:
        self.target = FakeTarget(keyed=False)
        self._typed = Typed(self.target, folder)
        self._store = folder / "tieout.db"
        self._waiting, self._begun = folder / "waiting.db", folder / "begun.db"

    def __enter__(self) -> Self:
        self.target.__enter__()
        typed = self._typed
        for number in range(1, 9):
            typed.win(f"OPP-{number}", "100.00", "100.00")
        typed.win("OPP-9", "1200.00", "1000.00")
        typed.win("OPP-10", "500.00", None)
        typed.win("OPP-11", "900.00", "1.00")
        typed.describe()
        os.environ.update(typed.variables)
        settings = workbench.load(typed.path)
        with workbench.opened_store(settings) as database:
            estate = workbench.build(settings, database)
            pass_once(estate, workbench.new_runtime(database))
            request = Request("sales", requester="rita")
            drafted = draft_plan(estate, request, database, system_clock).plan
            self._fields = estate.fields
            estate.close()
        shutil.copy(self._store, self._begun)
        shutil.copy(self._store, self._waiting)
        self.waiting = _keep(self._waiting, drafted, is_begun=False)
        by_hand = replace(drafted.corrections[2], fix=Fix.HAND_OVER, write=None)
        begun = replace(drafted, corrections=(*drafted.corrections[:2], by_hand))
        self.begun = _keep(self._begun, begun, is_begun=True)
        self._rows = copy.deepcopy(self.target.collections)
        return self

    def __exit__(self, *error: object) -> None:
        self.target.__exit__(None, None, None)

    def kill_at(self, point: Failpoint) -> Result:
        """Kill a process there, let another one go on, and hold both to account."""
        for each in self._store.parent.glob("tieout.db*"):
            each.unlink()
        waits = point is Failpoint.PLAN_CLAIMED
        plan = self.waiting if waits else self.begun
        shutil.copy(self._waiting if waits else self._begun, self._store)
        self.target.ledger.clear()
        self.target.collections = copy.deepcopy(self._rows)
        if point in _SETTLING:
            self.target.misbehave(Mishap.LOST)
        result = Result(Run(Scenario.REPAIR, ((point, 1),)))
        if self._run(plan, point) == -signal.SIGKILL:
            result.died, result.reached = 1, {point}
        else:
            result.violations.append("the process was not killed: it never came there")
        if not work(self._typed.path, plan, _LATER):
            result.violations.append("what came after it did not come to an end")
        self._judge(plan, result)
        return result

    def _run(self, plan: str, point: Failpoint) -> int:
        command = [sys.executable, "-m", "tests.correcting.killed"]
        arguments = [str(self._typed.path), plan, "0", point.value]
        environment = {**os.environ, **self._typed.variables}
        done = subprocess.run(
            [*command, *arguments], env=environment, check=False, timeout=120, capture_output=True
        )
        return done.returncode

    def _judge(self, plan: str, result: Result) -> None:
        database = open_database(f"sqlite:///{self._store}")
        try:
            with database.read() as connection:
                kept = load_plan(connection, plan, self._fields)
                entries = corrections_of(connection, plan)
                broken = verify_audit(connection)
                state = state_of(connection, plan)
        finally:
            database.close()
        assert kept is not None
        result.states = Counter[CorrectionState](each.state for each in entries)
        if broken is not None:
            result.violations.append(f"the audit log is broken at {broken}")
        if state is not PlanState.DONE:
            result.violations.append(f"the plan is {state}")
        keys = [each.key or _key_of(each.place, kept.plan) for each in self.target.ledger]
        result.violations += held_to_account(kept.plan, entries, keys)


def _keep(store: Path, plan: Plan, *, is_begun: bool) -> str:
    """Keep a plan as approved, or as one that is being applied; returns its hash."""
    database = open_database(f"sqlite:///{store}")
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
