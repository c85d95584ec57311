"""Runs of the failpoint sweep: where a process dies, what goes wrong beside, and what must be true.

Played in memory by `tests.correcting.stage`, over HTTP and by SIGKILL by `tests.correcting.wire`.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.core.corrections import CorrectionState, Plan, PlanState, idempotency_key
from monitor.correcting.failpoints import Failpoint
from monitor.store.audit import verify_audit
from monitor.store.corrections import LIVE, CorrectionEntry, claims, corrections_of
from monitor.store.database import Database
from monitor.store.plans import state_of
from tests.correcting.intermediary import Passage
from tests.correcting.target import Mishap

LATE_ARRIVALS = frozenset({Failpoint.WITHIN_LATE_ARRIVAL, Failpoint.AFTER_LATE_ARRIVAL})
"""Reached only by what arrives when it was given up."""

_HAD_EFFECT = frozenset(
    {CorrectionState.VERIFIED, CorrectionState.APPLIED, CorrectionState.DIFFERENT}
)


class Killed(BaseException):
    """The process is gone: nothing in the code may catch it."""


class Scenario(StrEnum):
    """What is being done when it ends."""

    REPAIR = "repair"
    UNDO = "undo"


class Medium(StrEnum):
    """How tieout reaches its target, and how it dies."""

    MEMORY = "memory"
    HTTP = "http"
    SIGKILL = "SIGKILL"


@dataclass(frozen=True)
class Run:
    """One run of the sweep.

    Attributes:
        scenario: what is being done.
        crashes: where to die, one after another: a failpoint, and at which time it is reached.
        mishaps: of the target, or of what lies between, one a write.
        edits: at which failpoints reached, by number, somebody else edits the project.
        medium: see `Medium`.
    """

    scenario: Scenario
    crashes: tuple[tuple[Failpoint, int], ...] = ()
    mishaps: tuple[Mishap | Passage | None, ...] = ()
    edits: frozenset[int] = frozenset()
    medium: Medium = Medium.MEMORY


@dataclass
class Result:
    """What became of a run.

    Attributes:
        run: the run.
        died: how often.
        reached: failpoints that it came to.
        met: what went wrong with its writes.
        states: of its corrections in the end.
        violations: what must never be, in words.
    """

    run: Run
    died: int = 0
    reached: set[Failpoint] = field(default_factory=set)
    met: set[Mishap | Passage] = field(default_factory=set)
    states: Counter[CorrectionState] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def dying(result: Result, then: Callable[[int], None] = lambda _: None) -> Callable[..., None]:
    """What to arm failpoints with, so that the run dies where it is told to.

    Args:
        result: of the run; what is reached is noted in it.
        then: is told at each failpoint how many were reached since the last death.
    """
    left = list(result.run.crashes)
    seen: Counter[Failpoint] = Counter()

    def reached(point: Failpoint) -> None:
        result.reached.add(point)
        seen[point] += 1
        then(sum(seen.values()))
        if left and left[0] == (point, seen[point]):
            left.pop(0)
            result.died += 1
            seen.clear()
            raise Killed

    return reached


def is_over(database: Database, plan: str) -> bool:
    """Whether nothing more can come of a plan: done, and no write of it may still arrive."""
    with database.read() as connection:
        watched = any(each.look_at for each in corrections_of(connection, plan))
        return not watched and state_of(connection, plan) is PlanState.DONE


def judge(database: Database, plan: Plan, effects: Sequence[str], result: Result) -> None:
    """Hold the target's own ledger against what tieout says.

    Args:
        database: the store when all is over.
        plan: that was carried out.
        effects: idempotency keys of the ledger.
        result: what is found is noted in it.
    """
    with database.read() as connection:
        entries = corrections_of(connection, plan.hash)
        held, broken = claims(connection), verify_audit(connection)
    result.states.update(each.state for each in entries)
    if broken is not None:
        result.violations.append(f"the audit log is broken at {broken}")
    if held:
        result.violations.append(f"held records after the end: {sorted(held)}")
    if not is_over(database, plan.hash):
        result.violations.append("the plan did not come to an end")
    result.violations += held_to_account(plan, entries, effects)


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
    crashes = _some_crashes(dice)
    mishaps = tuple(dice.choice((None, None, *Mishap)) for _ in range(4))
    edits = frozenset(dice.sample(range(1, 30), dice.choice((0, 0, 1))))
    return Run(dice.choice(list(Scenario)), crashes, mishaps, edits)


def over_http() -> list[Run]:
    """Each failpoint with each thing that an intermediary does to a write."""
    return [
        Run(Scenario.REPAIR, ((point, 1),), (passage, passage), medium=Medium.HTTP)
        for point in Failpoint
        for passage in Passage
    ]


def over_http_at_random(seed: int) -> Run:
    """Some crashes, one after another, behind an intermediary that does as it likes."""
    dice = random.Random(seed)
    passages = tuple(dice.choice((None, *Passage)) for _ in range(4))
    return Run(Scenario.REPAIR, _some_crashes(dice), passages, medium=Medium.HTTP)


def _some_crashes(dice: random.Random) -> tuple[tuple[Failpoint, int], ...]:
    points = list(Failpoint)
    return tuple((dice.choice(points), dice.choice((1, 1, 2))) for _ in range(dice.randint(1, 4)))
