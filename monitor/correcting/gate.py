"""The gate: what may stop a plan between two of its writes, asked again just before each."""

from dataclasses import replace
from datetime import datetime

from monitor.core.breakers import BreakerState
from monitor.core.corrections import Guard, PlanState, Refusal
from monitor.correcting.guards import Moment, examine
from monitor.correcting.situation import Situation
from monitor.correcting.task import Task
from monitor.estate import Estate
from monitor.store.breakers import load_breakers
from monitor.store.database import Connection
from monitor.store.halts import load_halt
from monitor.store.plans import state_of


def why_not_now(
    connection: Connection, task: Task, estate: Estate, now: datetime
) -> Refusal | None:
    """Why this correction must not be written now; None where it may."""
    flow, alone = estate.flow(task.plan.flow), task.correction.fingerprint
    if state_of(connection, task.plan.hash) is not PlanState.APPLYING:
        return Refusal(Guard.NOT_APPROVED, "the plan is not being applied any more", alone)
    if flow is None or flow.policies_digest != task.plan.policies:
        return Refusal(Guard.CHANGED, "the policies have changed since the plan was made", alone)
    settings = estate.corrections
    situation = Situation(
        now=now,
        settings=settings,
        policies=flow.policies,
        policies_digest=flow.policies_digest,
        transactions=0,
        resting={
            system: each.opened_at + settings.breaker.rest
            for system, each in load_breakers(connection).items()
            if each.opened_at and each.state(settings.breaker, now) is BreakerState.OPEN
        },
        halt=load_halt(connection),
    )
    first = next(iter(examine(task.plan, situation, Moment.WRITE)), None)
    return None if first is None else replace(first, fingerprint=alone)
