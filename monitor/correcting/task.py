"""One correction in hand: what is planned, where it stands, and by whose word it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.corrections import Correction, Plan
from monitor.core.policies import PolicySettings
from monitor.estate import Estate
from monitor.store.corrections import CorrectionEntry, corrections_of, load_correction
from monitor.store.database import Connection
from monitor.store.plans import load_plan

WATCH = "tieout"
"""Who takes a step that no person takes."""


@dataclass(frozen=True, slots=True)
class Task:
    """A correction of a plan that was kept.

    Attributes:
        plan: the plan.
        correction: what it would do.
        entry: where it stands.
        policy: of its rule, as it is in force; None where there is none any more.
        who: in whose name steps are taken.
    """

    plan: Plan
    correction: Correction
    entry: CorrectionEntry
    policy: PolicySettings | None
    who: str

    @property
    def intended_at(self) -> datetime:
        """From when on its write may have an effect."""
        return self.entry.intended_at or self.plan.made_at


def load_task(connection: Connection, estate: Estate, number: int, who: str = WATCH) -> Task | None:
    """A correction with its plan; None where there is none of this number.

    Raises:
        Permanent: its plan does not fit the landscape any more.
    """
    entry = load_correction(connection, number)
    kept = None if entry is None else load_plan(connection, entry.plan, estate.fields)
    return None if entry is None or kept is None else _task(estate, kept.plan, entry, who)


def tasks_of(
    connection: Connection, estate: Estate, plan: Plan, who: str = WATCH
) -> Sequence[Task]:
    """Every correction of a plan, in its order."""
    return [_task(estate, plan, entry, who) for entry in corrections_of(connection, plan.hash)]


def _task(estate: Estate, plan: Plan, entry: CorrectionEntry, who: str) -> Task:
    flow, correction = estate.flow(plan.flow), plan.corrections[entry.position]
    policy = None if flow is None else flow.policies.get(correction.rule)
    return Task(plan, correction, entry, policy, who)
