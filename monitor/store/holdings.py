"""What breaks and records plans and people are at, so that nothing is done about them twice."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from monitor.core.corrections import OPEN_PLANS, CorrectionState, PlanState
from monitor.store.bulk import listed_texts
from monitor.store.correction_tables import correction, plan
from monitor.store.schema import breaks


def spoken_for(
    connection: Connection,
    fingerprints: Collection[str],
    targets: Collection[str],
    now: datetime,
    *,
    besides: str = "",
) -> list[tuple[str, str, str]]:
    """What open plans hold of these breaks and targets.

    Args:
        connection: a transaction.
        fingerprints: of breaks.
        targets: as of `target_of`.
        now: the present; a plan that waits and is overdue holds nothing any more.
        besides: hash of a plan that does not count.

    Returns:
        Fingerprint, target and plan's hash of each correction.
    """
    among = correction.c.fingerprint.in_(listed_texts(connection, fingerprints))
    at = correction.c.target.in_(listed_texts(connection, targets))
    query = (
        select(correction.c.fingerprint, correction.c.target, plan.c.hash)
        .join_from(correction, plan)
        .where(plan.c.state.in_(sorted(OPEN_PLANS)), plan.c.hash != besides, among | at)
        .where((plan.c.state == PlanState.APPLYING.value) | (plan.c.expires_at > now))
        .order_by(plan.c.made_at, correction.c.id)
    )
    return [tuple(row) for row in connection.execute(query)]


def handed_over(connection: Connection, fingerprints: Collection[str]) -> set[str]:
    """Which of these breaks were handed to a person, and have stood ever since."""
    query = (
        select(correction.c.fingerprint)
        .join_from(correction, breaks, breaks.c.fingerprint == correction.c.fingerprint)
        .where(
            correction.c.fingerprint.in_(listed_texts(connection, fingerprints)),
            correction.c.state == CorrectionState.HANDED_OVER.value,
            correction.c.ended_at >= breaks.c.opened_at,
        )
    )
    return set(connection.execute(query).scalars())
