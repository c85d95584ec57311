"""What people said of plans, each of them once."""

from datetime import datetime

from sqlalchemy import Connection, select

from monitor.core.approvals import Approval
from monitor.store.bulk import upsert
from monitor.store.correction_tables import approval


def add_approval(
    connection: Connection, plan_hash: str, who: str, why: str, now: datetime, *, is_approved: bool
) -> bool:
    """Note what somebody said of a plan; False, and nothing, where they have said something."""
    noted = connection.execute(
        upsert(connection, approval)
        .values(plan=plan_hash, who=who, is_approved=is_approved, why=why, at=now)
        .on_conflict_do_nothing(index_elements=["plan", "who"])
        .returning(approval.c.id)
    )
    return noted.one_or_none() is not None


def approvals_of(connection: Connection, plan_hash: str) -> tuple[Approval, ...]:
    """What was said of a plan, in order."""
    query = select(approval).where(approval.c.plan == plan_hash).order_by(approval.c.id)
    return tuple(
        Approval(row.who, row.is_approved, row.why, row.at) for row in connection.execute(query)
    )
