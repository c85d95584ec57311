"""Automatic: what policies let go ahead by itself is planned, approved by them, and applied."""

import hashlib
from datetime import datetime, timedelta

import msgspec

from monitor.core.clock import Clock
from monitor.core.corrections import Mode, PlanState
from monitor.core.lifecycle import CORRECTABLE_STATES
from monitor.correcting.approving import approve_by_policy
from monitor.correcting.keeping import keep_draft
from monitor.correcting.planning import Request, draft_plan
from monitor.estate import Estate, Flow
from monitor.store.breaks import list_breaks
from monitor.store.database import Connection, Database
from monitor.store.settings import load_setting, save_setting

AGAIN = timedelta(minutes=15)
"""How long breaks that nothing was done about are left, as long as they stay as they are."""


def plan_by_itself(flow: Flow, estate: Estate, database: Database, clock: Clock) -> str | None:
    """Plan what may go ahead by itself, and let its policies approve it.

    Sources are asked only if there is something new to plan for, or a while has passed.

    Returns:
        Hash of a plan that is approved; None where there is none.

    Raises:
        Transient, Permanent: the store failed, or somebody took one of the breaks meanwhile.
    """
    if not any(policy.mode is Mode.AUTO for policy in flow.policies.values()):
        return None
    if not _is_time(flow, database, clock()):
        return None
    draft = draft_plan(estate, Request(flow.name, Mode.AUTO), database, clock)
    kept = keep_draft(draft, database, clock)
    if kept.state is not PlanState.PROPOSED:
        return None
    answer = approve_by_policy(estate, database, kept.plan.hash, clock)
    return kept.plan.hash if answer.state is PlanState.APPROVED else None


def _is_time(flow: Flow, database: Database, now: datetime) -> bool:
    name = f"planned:{flow.name}"
    with database.read() as connection:
        standing = _standing(connection, flow)
        last = load_setting(connection, name)
    if standing is None:
        return False
    if last is not None:
        before, at = msgspec.json.decode(last)
        if before == standing and now < datetime.fromisoformat(at) + AGAIN:
            return False
    with database.write() as connection:
        save_setting(connection, name, msgspec.json.encode([standing, now.isoformat()]).decode())
    return True


def _standing(connection: Connection, flow: Flow) -> str | None:
    """What there is to plan for, as a hash; None where there is nothing."""
    rules = {rule for rule, policy in flow.policies.items() if policy.mode is Mode.AUTO}
    breaks = list_breaks(connection, flow=flow.name, states=CORRECTABLE_STATES, limit=None)
    facts = [
        [each.fingerprint, each.episode, each.finding.expected, each.finding.actual]
        for each in breaks
        if each.finding.rule in rules
    ]
    if not facts:
        return None
    return hashlib.sha256(
        msgspec.json.encode([flow.policies_digest, sorted(facts, key=str)])
    ).hexdigest()
