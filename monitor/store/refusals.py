"""Why nothing was done about breaks, as the last planning that was kept said."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from monitor.core.breaks import LIVE_STATES
from monitor.core.corrections import Guard, Refusal
from monitor.store.bulk import listed_texts, upsert
from monitor.store.correction_tables import refusal
from monitor.store.schema import breaks


def replace_refusals(
    connection: Connection,
    fingerprints: Collection[str],
    refusals: Iterable[Refusal],
    now: datetime,
) -> None:
    """Note why nothing is done about these breaks; what was noted of them before is gone.

    Args:
        connection: a write transaction.
        fingerprints: of the breaks that were looked at.
        refusals: each about one break; the first sentence of each guard is kept.
        now: the present.
    """
    forget_refusals(connection, fingerprints)
    rows = [
        {"fingerprint": each.fingerprint, "guard": each.guard.value, "why": each.why, "at": now}
        for each in refusals
    ]
    if rows:
        connection.execute(upsert(connection, refusal).on_conflict_do_nothing(), rows)


def forget_refusals(connection: Connection, fingerprints: Collection[str]) -> None:
    """Nothing stands in the way of these breaks, or nobody asks any more."""
    among = refusal.c.fingerprint.in_(listed_texts(connection, fingerprints))
    connection.execute(delete(refusal).where(among))


def refusals_of(connection: Connection, fingerprint: str) -> list[Refusal]:
    """Why nothing was done about a break."""
    query = select(refusal).where(refusal.c.fingerprint == fingerprint)
    return [
        Refusal(Guard(row.guard), row.why, row.fingerprint)
        for row in connection.execute(query.order_by(refusal.c.guard))
    ]


def count_refused(connection: Connection) -> dict[Guard, int]:
    """Breaks that stand and that each guard keeps from correction; guards without any left out."""
    query = (
        select(refusal.c.guard, func.count())
        .join_from(refusal, breaks, breaks.c.fingerprint == refusal.c.fingerprint)
        .where(breaks.c.state.in_(sorted(LIVE_STATES)))
        .group_by(refusal.c.guard)
    )
    return {Guard(guard): count for guard, count in connection.execute(query)}
