"""Plans as they were kept, and how each of them ended."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.sql import Select

from monitor.core.approvals import Approval
from monitor.core.corrections import (
    OPEN_PLANS,
    CorrectionState,
    Mode,
    Plan,
    PlanState,
    encode_plan,
    target_of,
)
from monitor.core.errors import Permanent, Reason
from monitor.core.plan_documents import FieldsByStream, decode_plan
from monitor.store.approvals import approvals_of
from monitor.store.bulk import hold
from monitor.store.correction_tables import correction, plan
from monitor.store.corrections import corrections_of, move_correction

SHORTEST_PREFIX = 12
"""Digits of a plan's hash that people have to give at least."""


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """A plan's row, without what it would do.

    Attributes:
        hash: names it.
        flow, mode, requester, made_at, expires_at: as of `Plan`.
        state: where it is.
        ended_at: when it came to a final state; None before.
        ended_why: why; empty before.
        corrections: how many it has.
    """

    hash: str
    flow: str
    mode: Mode
    requester: str
    state: PlanState
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_why: str
    corrections: int

    @property
    def id(self) -> str:
        """What people type."""
        return self.hash[:SHORTEST_PREFIX]


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan as it stands: what it would do, where it is, and what people said of it."""

    plan: Plan
    entry: PlanEntry
    approvals: tuple[Approval, ...]

    @property
    def state(self) -> PlanState:
        """Where it is."""
        return self.entry.state


def hold_plans(connection: Connection, flow: str) -> None:
    """Nobody else keeps a plan for this flow until the transaction ends."""
    hold(connection, f"plans {flow}")


def was_refused(connection: Connection, draft: Plan) -> bool:
    """Whether the flow's last refused plan would have done the very same."""
    query = (
        select(plan.c.document)
        .where(plan.c.flow == draft.flow, plan.c.state == PlanState.REFUSED.value)
        .order_by(plan.c.made_at.desc())
        .limit(1)
    )
    document = connection.execute(query).scalar()
    return document is not None and _content(document) == _content(encode_plan(draft))


def keep_plan(
    connection: Connection, kept: Plan, state: PlanState = PlanState.PROPOSED, why: str = ""
) -> None:
    """Keep a plan, and each of its corrections as planned; or as dropped, of one that is refused.

    Args:
        connection: a write transaction.
        kept: the plan; nobody has kept it before.
        state: `PROPOSED`, or `REFUSED` for the record.
        why: of a refused one, all that speaks against it.
    """
    is_over = state not in OPEN_PLANS
    connection.execute(
        insert(plan).values(
            hash=kept.hash,
            flow=kept.flow,
            mode=kept.mode.value,
            requester=kept.requester,
            state=state.value,
            made_at=kept.made_at,
            expires_at=kept.expires_at,
            document=encode_plan(kept),
            ended_at=kept.made_at if is_over else None,
            ended_why=why,
        )
    )
    for position, each in enumerate(kept.corrections):
        write = each.write
        connection.execute(
            insert(correction).values(
                plan=kept.hash,
                position=position,
                fingerprint=each.fingerprint,
                system="" if write is None else write.stream.system,
                target=f"break/{each.fingerprint}" if write is None else target_of(write),
                state=CorrectionState.PLANNED.value,
                native_id="" if write is None else write.native_id,
                reference="",
                reason="",
                undoes=each.undoes,
            )
        )
    if is_over:
        _drop(connection, kept.hash, why, kept.made_at)


def load_plan(connection: Connection, plan_hash: str, fields: FieldsByStream) -> KeptPlan | None:
    """A plan with all that it would do; None where there is none.

    Raises:
        Permanent: it was altered, or does not fit the landscape any more.
    """
    row = connection.execute(select(plan.c.document).where(plan.c.hash == plan_hash)).one_or_none()
    if row is None:
        return None
    [entry] = _entries(connection, _all_entries().where(plan.c.hash == plan_hash))
    decoded = decode_plan(row.document, plan_hash, fields)
    return KeptPlan(decoded, entry, approvals_of(connection, plan_hash))


def find_plan(connection: Connection, prefix: str) -> str | None:
    """The full hash of the plan whose hash starts so; None where there is none.

    Raises:
        Permanent: the prefix is too short to mean one plan, or means several.
    """
    wanted = prefix.strip().lower()
    if len(wanted) < SHORTEST_PREFIX:
        raise Permanent(
            f"give at least {SHORTEST_PREFIX} digits of the plan's hash", reason=Reason.REFUSED
        )
    query = select(plan.c.hash).where(plan.c.hash.startswith(wanted, autoescape=True)).limit(2)
    found = connection.execute(query).scalars().all()
    if len(found) > 1:
        raise Permanent(f"more than one plan starts with {wanted}", reason=Reason.REFUSED)
    return found[0] if found else None


def list_plans(
    connection: Connection,
    *,
    flow: str | None = None,
    states: Collection[PlanState] = (),
    limit: int | None = None,
) -> list[PlanEntry]:
    """Plans, the newest first; without states those in any."""
    query = _all_entries()
    if flow is not None:
        query = query.where(plan.c.flow == flow)
    if states:
        query = query.where(plan.c.state.in_(sorted(state.value for state in states)))
    return _entries(connection, query.order_by(plan.c.made_at.desc(), plan.c.hash).limit(limit))


def count_plans(connection: Connection) -> dict[PlanState, int]:
    """How many plans are in each state; states without any are left out."""
    query = select(plan.c.state, func.count()).group_by(plan.c.state)
    return {PlanState(state): count for state, count in connection.execute(query)}


def state_of(connection: Connection, plan_hash: str) -> PlanState | None:
    """Where a plan is; None where there is none."""
    state = connection.execute(select(plan.c.state).where(plan.c.hash == plan_hash)).scalar()
    return None if state is None else PlanState(state)


def move_plan(
    connection: Connection,
    plan_hash: str,
    before: PlanState,
    after: PlanState,
    why: str,
    now: datetime,
) -> bool:
    """Bring a plan from one state to another, unless somebody was quicker.

    Where it ends without being done, what nothing was done about is dropped with it.

    Returns:
        Whether it was in the state before; if not, nothing happened.
    """
    is_over = after not in OPEN_PLANS
    changes: dict[str, Any] = {"state": after.value}
    if is_over:
        changes |= {"ended_at": now, "ended_why": why}
    moved = connection.execute(
        update(plan).where(plan.c.hash == plan_hash, plan.c.state == before.value).values(changes)
    )
    if moved.rowcount != 1:
        return False
    if is_over and after is not PlanState.DONE:
        _drop(connection, plan_hash, why, now)
    return True


def overdue_plans(connection: Connection, now: datetime) -> list[PlanEntry]:
    """Plans that wait, for approval or to be applied, and cannot be any more."""
    waiting = (PlanState.PROPOSED.value, PlanState.APPROVED.value)
    query = _all_entries().where(plan.c.state.in_(waiting), plan.c.expires_at <= now)
    return _entries(connection, query.order_by(plan.c.made_at, plan.c.hash))


def plans_of_break(connection: Connection, fingerprint: str) -> list[PlanEntry]:
    """Every plan that would repair a break, or did, the newest first."""
    having = select(correction.c.plan).where(correction.c.fingerprint == fingerprint)
    query = _all_entries().where(plan.c.hash.in_(having))
    return _entries(connection, query.order_by(plan.c.made_at.desc(), plan.c.hash))


def _all_entries() -> Select[Any]:
    columns = [each for each in plan.columns if each.name != "document"]
    count = (
        select(func.count())
        .where(correction.c.plan == plan.c.hash)
        .correlate(plan)
        .scalar_subquery()
    )
    return select(*columns, count.label("corrections"))


def _entries(connection: Connection, query: Select[Any]) -> list[PlanEntry]:
    return [_entry(row) for row in connection.execute(query)]


def _entry(row: Row[Any]) -> PlanEntry:
    return PlanEntry(**{**row._asdict(), "mode": Mode(row.mode), "state": PlanState(row.state)})


def _content(document: str) -> Any:
    """What a plan would do, whoever asks for it and when."""
    said = msgspec.json.decode(document)
    return said["mode"], said["policies"], said["corrections"]


def _drop(connection: Connection, plan_hash: str, why: str, now: datetime) -> None:
    """Nothing will come of what is still only planned."""
    for each in corrections_of(connection, plan_hash):
        move_correction(
            connection,
            each.id,
            {CorrectionState.PLANNED},
            CorrectionState.DROPPED,
            who="tieout",
            why=why,
            at=now,
            reason=why,
        )
