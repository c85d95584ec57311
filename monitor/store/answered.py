"""What people said from outside: each is taken once, however often it arrives."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Index, Table, delete

from monitor.store.bulk import upsert
from monitor.store.columns import Instant, PlainText
from monitor.store.schema import metadata

KEPT = timedelta(days=1)
"""Much longer than anything old is taken for new: Slack's requests hold for five minutes."""

answered = Table(
    "answered",
    metadata,
    Column("key", PlainText, primary_key=True),
    Column("at", Instant, nullable=False),
    Index(None, "at"),
    sqlite_with_rowid=False,
)
"""By what it is told apart from all others, and when it came."""


def take_once(connection: Connection, key: str, now: datetime) -> bool:
    """Whether this was not taken before; it is taken now, by one of all processes alone."""
    connection.execute(delete(answered).where(answered.c.at < now - KEPT))
    insert = upsert(connection, answered).values(key=key, at=now).on_conflict_do_nothing()
    return connection.execute(insert.returning(answered.c.key)).first() is not None
