"""The audit log: append-only, each entry bound to the one before it by a hash."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from monitor.store.bulk import hold
from monitor.store.columns import to_microseconds
from monitor.store.schema import audit

_ROOT = "0" * 64
"""What the first entry is bound to."""


class Head(NamedTuple):
    """The newest entry. Kept elsewhere, it also shows that nothing was cut off the end."""

    sequence: int
    hash: str


def append_audit(
    connection: Connection,
    *,
    at: datetime,
    who: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
) -> Head:
    """Note who did what to what; returns the entry's place in the chain."""
    hold(connection, "audit")
    last = audit_head(connection)
    body = {
        "sequence": last.sequence + 1,
        "at": at,
        "who": who,
        "action": action,
        "subject": subject,
        "detail": msgspec.json.encode(detail, order="sorted").decode(),
        "previous_hash": last.hash,
    }
    digest = _hash(body)
    connection.execute(audit.insert().values(**body, hash=digest))
    return Head(last.sequence + 1, digest)


def audit_head(connection: Connection) -> Head:
    """The newest entry; sequence 0 while there is none."""
    newest = select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return Head(0, _ROOT) if row is None else Head(*row)


def verify_audit(connection: Connection) -> int | None:
    """Recompute the chain.

    Returns:
        Sequence of the first entry that was altered, or that stands where one was taken out or
        put in; None where every entry holds.
    """
    expected = Head(0, _ROOT)
    query = select(audit).order_by(audit.c.sequence)
    with connection.execute(query, execution_options={"yield_per": 1000}) as rows:
        for row in rows.mappings():
            body = {name: value for name, value in row.items() if name != "hash"}
            place = (row["sequence"], row["previous_hash"])
            if place != (expected.sequence + 1, expected.hash) or row["hash"] != _hash(body):
                return expected.sequence + 1
            expected = Head(row["sequence"], row["hash"])
    return None


def _hash(body: Mapping[str, Any]) -> str:
    """SHA-256 over the entry as canonical JSON, the previous hash included."""
    canonical = {**body, "at": to_microseconds(body["at"])}
    return hashlib.sha256(msgspec.json.encode(canonical, order="sorted")).hexdigest()
