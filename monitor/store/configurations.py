"""Landscapes as they were in force: without secrets, each once, and when each was applied."""

from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from monitor.core.errors import Permanent, Reason
from monitor.store.bulk import upsert
from monitor.store.evidence_tables import configuration
from monitor.store.schema import audit

APPLY, SUBJECT = "apply", "landscape"
"""How the audit log says that another landscape came into force."""


class Applied(NamedTuple):
    """A landscape came into force: when, and its hash."""

    at: datetime
    digest: str


def keep_configuration(connection: Connection, digest: str, document: str, now: datetime) -> None:
    """Keep a landscape, unless it is kept already.

    Args:
        connection: a write transaction.
        digest: SHA-256 of the document, as the audit log has it.
        document: its effective form as JSON, references in place of secrets.
        now: the present.
    """
    row = {"digest": digest, "document": document, "stored_at": now}
    connection.execute(
        upsert(connection, configuration)
        .values(row)
        .on_conflict_do_nothing(index_elements=["digest"])
    )


def load_configuration(connection: Connection, digest: str) -> dict[str, Any] | None:
    """The landscape of this hash; None where only its hash was kept.

    Raises:
        Permanent: what is kept under the hash is something else.
    """
    query = select(configuration.c.document).where(configuration.c.digest == digest)
    text = connection.execute(query).scalar()
    if text is None:
        return None
    if sha256(text.encode()).hexdigest() != digest:
        raise Permanent(
            f"the landscape that was kept as {digest} is another one: the store was altered",
            reason=Reason.STORE,
        )
    return dict(msgspec.json.decode(text))


def list_applied(connection: Connection, until: datetime) -> list[Applied]:
    """Every time until an instant that a landscape came into force, the oldest first."""
    query = (
        select(audit.c.at, audit.c.detail)
        .where(audit.c.action == APPLY, audit.c.subject == SUBJECT, audit.c.at <= until)
        .order_by(audit.c.sequence)
    )
    return [
        Applied(at, msgspec.json.decode(detail)["digest"])
        for at, detail in connection.execute(query)
    ]
