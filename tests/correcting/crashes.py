"""Crashes simulated within the process, hundreds of them, and what must be true after each.

A stage is set once: a firm with an approved plan of three corrections, or with one to take two of
them back. Each run takes a copy of it, dies where it is told to, comes back, and works on until
nothing is left to do. Then the target's own ledger is held against what tieout says.
"""

import random
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from monitor.core.corrections import CorrectionState, Plan, PlanState, idempotency_key
from monitor.core.model import Record
from monitor.correcting.applying import apply_plan
from monitor.correcting.failpoints import Failpoint, arm
from monitor.correcting.undoing import draft_undo
from monitor.correcting.working import take_turn
from monitor.store.audit import verify_audit
from monitor.store.corrections import LIVE, CorrectionEntry, claims
from monitor.store.database import open_database
from monitor.store.plans import move_plan
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Effect, Mishap
from tests.databases import SQLite

TURNS = 20
"""Of three minutes each: longer than any patience."""

_HAD_EFFECT = frozenset(
    {CorrectionState.VERIFIED, CorrectionState.APPLIED, CorrectionState.DIFFERENT}
)


class Killed(BaseException):
    """The process is gone: nothing in the code may catch it."""


class Scenario(StrEnum):
    """What is being done when it ends."""

    REPAIR = "repair"
    UNDO = "undo"


@dataclass(frozen=True)
class Run:
    """One run of the sweep.

    Attributes:
        scenario: what is being done.
        crashes: where to die, one after another: a failpoint, and at which time it is reached.
        mishaps: of the target, one a write.
        edits: at which failpoints reached, by number, somebody else edits the project.
    """

    scenario: Scenario
    crashes: tuple[tuple[Failpoint, int], ...] = ()
    mishaps: tuple[Mishap | None, ...] = ()
    edits: frozenset[int] = frozenset()


@dataclass
class Result:
    """What became of a run.

    Attributes:
        run: the run.
        died: how often.
        reached: failpoints that it came to.
        states: of its corrections in the end.
        violations: what must never be, in words.
    """

    run: Run
    died: int = 0
    reached: set[Failpoint] = field(default_factory=set)
    states: Counter[CorrectionState] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Set:
    """A stage as it was set."""

    approved: Path
    claimed: Path
    rows: tuple[dict[str, Record], dict[str, Record]]
    ledger: tuple[Effect, ...]
    now: datetime
    plan: str


class Stage:
    """Sets the stage once, and plays every run on a copy of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sqlite = SQLite(folder)
        self._sets = {scenario: self._set(scenario) for scenario in Scenario}

    def play(self, run: Run) -> Result:
        """Die, come back, work on, and be held to account."""
        firm, staged = self._copy(run)
        result = Result(run)
        try:
            self._live(firm, staged.plan, run, result)
            self._judge(firm, staged, result)
        finally:
            arm()
            firm.database.close()
        return result

    def _live(self, firm: CorrectedFirm, plan: str, run: Run, result: Result) -> None:
        target, left = firm.target, list(run.crashes)
        target.mishaps = list(run.mishaps)
        seen: Counter[Failpoint] = Counter()

        def reached(point: Failpoint) -> None:
            result.reached.add(point)
            seen[point] += 1
            if sum(seen.values()) in run.edits and "p-D1" in target.rows:
                target.edit("p-D1", amount=Decimal("7.00"))
            if left and left[0] == (point, seen[point]):
                left.pop(0)
                result.died += 1
                seen.clear()
                raise Killed

        arm(reached)
        with suppress(Killed):
            apply_plan(firm.estate, firm.database, plan, firm.clock)
        for _ in range(TURNS):
            if firm.plan_state(plan) is PlanState.DONE:
                break
            firm.later(minutes=3)
            with suppress(Killed):
                take_turn(firm.estate, firm.database, firm.clock)

    def _judge(self, firm: CorrectedFirm, staged: _Set, result: Result) -> None:
        entries, plan = firm.entries(staged.plan), firm.plan(staged.plan)
        result.states.update(each.state for each in entries)
        ledger = firm.target.ledger[len(staged.ledger) :]
        with firm.database.read() as connection:
            held, broken = claims(connection), verify_audit(connection)
        if broken is not None:
            result.violations.append(f"the audit log is broken at {broken}")
        if held:
            result.violations.append(f"held records after the end: {sorted(held)}")
        if firm.plan_state(staged.plan) is not PlanState.DONE:
            result.violations.append("the plan did not come to an end")
        result.violations += held_to_account(plan, entries, [each.key for each in ledger])

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
        for each in self._folder.glob("run.db*"):
            each.unlink()
        store = shutil.copy(staged.approved if begins else staged.claimed, self._folder / "run.db")
        firm = CorrectedFirm(open_database(f"sqlite:///{store}"))
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


def held_to_account(
    plan: Plan, entries: Sequence[CorrectionEntry], effects: Sequence[str]
) -> list[str]:
    """What must never be, of a plan that came to an end.

    Args:
        plan: the plan.
        entries: its corrections as they stand.
        effects: idempotency keys of the target's ledger.
    """
    violations = []
    keys = {idempotency_key(plan, plan.corrections[each.position]): each for each in entries}
    counts = Counter(effects)
    violations += [f"an effect that nobody intended: {key}" for key in counts.keys() - keys.keys()]
    for key, entry in keys.items():
        name, count = f"correction {entry.id} ({entry.state})", counts[key]
        if count > 1:
            violations.append(f"{name} took effect {count} times")
        if count and entry.intended_at is None:
            violations.append(f"{name} took effect without an intent")
        if count and entry.state not in _HAD_EFFECT | {CorrectionState.UNKNOWN}:
            violations.append(f"{name} took effect, and tieout says that it did not")
        if not count and entry.state is CorrectionState.VERIFIED:
            violations.append(f"{name} is said to be done, and took no effect")
        if entry.state in LIVE - {CorrectionState.UNKNOWN}:
            violations.append(f"{name} came to no end")
    return violations


def systematic() -> list[Run]:
    """Each failpoint with each mishap, and with none also when it is reached again."""
    mishaps: tuple[Mishap | None, ...] = (None, *Mishap)
    first = [
        Run(scenario, ((point, 1),), (mishap, mishap))
        for scenario in Scenario
        for point in Failpoint
        for mishap in mishaps
    ]
    again = [
        Run(Scenario.REPAIR, ((point, 2),), (mishap, mishap))
        for point in Failpoint
        for mishap in (None, Mishap.LOST)
    ]
    return first + again


def at_random(seed: int) -> Run:
    """Some crashes, one after another, with some mishaps, and somebody else at the records."""
    dice = random.Random(seed)
    points = list(Failpoint)
    crashes = tuple(
        (dice.choice(points), dice.choice((1, 1, 2))) for _ in range(dice.randint(1, 4))
    )
    mishaps = tuple(dice.choice((None, None, *Mishap)) for _ in range(4))
    edits = frozenset(dice.sample(range(1, 30), dice.choice((0, 0, 1))))
    return Run(dice.choice(list(Scenario)), crashes, mishaps, edits)
