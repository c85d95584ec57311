"""Browsers in which somebody is logged in."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from monitor.core.accounts import SESSION_RESTS, Session
from monitor.store.account_tables import session


def add_session(connection: Connection, made: Session) -> None:
    """Somebody is logged in; what has ended by itself is dropped."""
    now = made.made_at
    ended = or_(session.c.ends_at <= now, session.c.seen_at <= now - SESSION_RESTS)
    connection.execute(delete(session).where(ended))
    connection.execute(
        session.insert().values(
            digest=made.digest,
            name=made.name,
            made_at=made.made_at,
            seen_at=made.seen_at,
            ends_at=made.ends_at,
        )
    )


def load_session(connection: Connection, digest: str) -> Session | None:
    """The session of this token's hash, ended or not; None where there is none."""
    query = select(session).where(session.c.digest == digest)
    row = connection.execute(query).one_or_none()
    return None if row is None else _read(row)


def list_sessions(connection: Connection, name: str = "") -> list[Session]:
    """All, or somebody's, ended or not, the newest first."""
    query = select(session).order_by(session.c.made_at.desc(), session.c.digest)
    if name:
        query = query.where(session.c.name == name)
    return [_read(row) for row in connection.execute(query)]


def see_session(connection: Connection, digest: str, now: datetime) -> None:
    """Its browser has asked for something."""
    connection.execute(update(session).where(session.c.digest == digest).values(seen_at=now))


def end_session(connection: Connection, digest: str) -> bool:
    """Nobody is logged in with it any more; False where nobody was."""
    return connection.execute(delete(session).where(session.c.digest == digest)).rowcount == 1


def end_sessions(connection: Connection, name: str) -> int:
    """Somebody is logged in nowhere any more; how many sessions that ended."""
    return connection.execute(delete(session).where(session.c.name == name)).rowcount


def _read(row: Row[Any]) -> Session:
    return Session(row.digest, row.name, row.made_at, row.seen_at, row.ends_at)
