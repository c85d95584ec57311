"""What was signed, and the audit log as it is handed over: entry by entry, in its own encoding."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select

from monitor.store.audit import Head
from monitor.store.bulk import hold
from monitor.store.columns import to_microseconds
from monitor.store.evidence_tables import signed_head, signing_key
from monitor.store.schema import audit


def read_entries(
    connection: Connection, *, after: int = 0, known: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Entries of the audit log as `monitor.evidence_pack.verify` describes them, in order.

    Args:
        connection: a transaction.
        after: only entries beyond this place.
        known: only entries up to the last one that was made by then; all where None.
    """
    query = select(audit).where(audit.c.sequence > after).order_by(audit.c.sequence)
    if known is not None:
        query = query.where(audit.c.sequence <= last_entry(connection, known).sequence)
    with connection.execute(query, execution_options={"yield_per": 1000}) as rows:
        for row in rows.mappings():
            yield {**row, "at": to_microseconds(row["at"])}


def last_entry(connection: Connection, known: datetime) -> Head:
    """The newest entry that was made by then; sequence 0 where there is none."""
    return _at_most(connection, audit.c.at <= known)


def entry_at(connection: Connection, sequence: int) -> Head:
    """The entry at a place, or the last one before it."""
    return _at_most(connection, audit.c.sequence <= sequence)


def _at_most(connection: Connection, condition: Any) -> Head:
    query = select(audit.c.sequence, audit.c.hash).where(condition)
    row = connection.execute(query.order_by(audit.c.sequence.desc()).limit(1)).one_or_none()
    return Head(0, "0" * 64) if row is None else Head(*row)


def load_keys(connection: Connection) -> list[dict[str, Any]]:
    """Introductions of keys, the oldest first."""
    query = select(signing_key.c.statement).order_by(signing_key.c.number)
    return [msgspec.json.decode(text) for text in connection.execute(query).scalars()]


def add_key(connection: Connection, statement: Mapping[str, Any], text: bytes) -> None:
    """Note the introduction of a key, after all others."""
    hold(connection, "signing_key")
    count = connection.execute(select(func.count()).select_from(signing_key)).scalar_one()
    row = {"number": count + 1, "key": statement["key"], "statement": text.decode()}
    connection.execute(insert(signing_key).values(row))


def load_heads(connection: Connection, until: int | None = None) -> list[dict[str, Any]]:
    """Heads that were signed, the oldest first; only those up to a place where one is given."""
    query = select(signed_head.c.statement).order_by(signed_head.c.sequence, signed_head.c.at)
    if until is not None:
        query = query.where(signed_head.c.sequence <= until)
    return [msgspec.json.decode(text) for text in connection.execute(query).scalars()]


def add_head(
    connection: Connection, statement: Mapping[str, Any], at: datetime, text: bytes
) -> None:
    """Note a head that was signed."""
    row = {"sequence": statement["sequence"], "key": statement["key"], "at": at}
    connection.execute(insert(signed_head).values(row | {"statement": text.decode()}))
