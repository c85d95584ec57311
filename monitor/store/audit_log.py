"""The audit log as people read it: a part of it, the newest entry first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from monitor.store.schema import audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry.

    Attributes:
        sequence: its place in the chain, from 1.
        at: when.
        who: a person, or `tieout`.
        action: what was done.
        subject: to what.
        detail: more of it, as JSON.
        hash: of the entry, the one before it included.
    """

    sequence: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: str
    hash: str


def list_audit(
    connection: Connection,
    *,
    who: str = "",
    action: str = "",
    subject: str = "",
    before: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """Entries that fit every filter, the newest first.

    Args:
        connection: to read with.
        who: exactly this person; empty lets everything through.
        action: exactly this one; empty lets everything through.
        subject: how it starts; empty lets everything through.
        before: only entries of a smaller sequence.
        limit: at most so many.
    """
    query = select(
        audit.c.sequence,
        audit.c.at,
        audit.c.who,
        audit.c.action,
        audit.c.subject,
        audit.c.detail,
        audit.c.hash,
    )
    for column, value in ((audit.c.who, who), (audit.c.action, action)):
        if value:
            query = query.where(column == value)
    if subject:
        query = query.where(audit.c.subject.startswith(subject, autoescape=True))
    if before is not None:
        query = query.where(audit.c.sequence < before)
    rows = connection.execute(query.order_by(audit.c.sequence.desc()).limit(limit))
    return [AuditEntry(*row) for row in rows]
