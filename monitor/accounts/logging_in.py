"""Log in: a name and a password become a session, or an attempt that failed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.accounts.lockout import (
    BY_ADDRESS,
    BY_NAME,
    FORGOTTEN,
    Patience,
    failed_once_more,
    took_back,
    waits_until,
)
from monitor.accounts.passwords import is_password
from monitor.accounts.secrets import digest_of, new_secret
from monitor.core.accounts import SESSION_LASTS, Session
from monitor.core.clock import Clock
from monitor.core.people import People
from monitor.store import accounts, sessions
from monitor.store.audit import append_audit
from monitor.store.database import Connection, Database

UNKNOWN: Final = "somebody unknown"
"""Who tried, where the name is nobody's: it is not kept, for it may be a password typed amiss."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of an attempt.

    Attributes:
        token: what the browser holds from now on; empty where the attempt failed.
        wait_until: before when no attempt is looked at; None: the next one is.
    """

    token: str = ""
    wait_until: datetime | None = None


def log_in(
    database: Database,
    people: People,
    name: str,
    password: str,
    address: str,
    clock: Clock,
    replaces: str = "",
    secret: Callable[[], str] = new_secret,
) -> Entry:
    """Try a name and a password; whoever fails does not learn which of them is wrong.

    The attempt counts as failed before the password is looked at, so that a thousand at once are
    no more than a thousand one after another.

    Args:
        database: where accounts are.
        people: whom the landscape names; nobody else logs in.
        name: as it was typed.
        password: as it was typed.
        address: where the attempt comes from.
        clock: the present.
        replaces: the token that the browser held before; its session ends when another begins.
        secret: a new token of 256 random bits.

    Raises:
        Transient, Permanent: the store failed.
    """
    origins = {f"name {digest_of(name)}": BY_NAME, f"address {address}": BY_ADDRESS}
    with database.write() as connection:
        until = _count_attempt(connection, origins, clock())
        known = None if until else accounts.password_of(connection, name)
    if until is not None:
        return Entry(wait_until=until)
    person = people.named(name)
    if not is_password(password, known) or person is None:
        who = UNKNOWN if person is None else person.name
        return _refuse(database, origins, who, address, clock())
    made = Session(digest_of(token := secret()), name, now := clock(), now, now + SESSION_LASTS)
    with database.write() as connection:
        _take_back_attempt(connection, origins)
        _begin(connection, made, address, digest_of(replaces))
    return Entry(token)


def _count_attempt(
    connection: Connection, origins: dict[str, Patience], now: datetime
) -> datetime | None:
    """Count an attempt as failed; before when none is looked at, where that is so."""
    accounts.forget_old_failures(connection, now - FORGOTTEN)
    known = {origin: accounts.load_failures(connection, origin) for origin in origins}
    waits = [until for each in known.values() if (until := waits_until(each, now)) is not None]
    if waits:
        return max(waits)
    for origin, patience in origins.items():
        failures = failed_once_more(known[origin], patience, now)
        accounts.save_failures(connection, origin, failures)
    return None


def _refuse(
    database: Database, origins: dict[str, Patience], who: str, address: str, now: datetime
) -> Entry:
    with database.write() as connection:
        known = [accounts.load_failures(connection, origin) for origin in origins]
        until = max((each for f in known if (each := waits_until(f, now))), default=None)
        detail = {"address": address}
        if until is not None:
            detail["locked_until"] = until.isoformat()
        append_audit(
            connection, at=now, who=who, action="log_in_failed", subject="page", detail=detail
        )
    return Entry(wait_until=until)


def _begin(connection: Connection, made: Session, address: str, replaced: str) -> None:
    sessions.end_session(connection, replaced)
    sessions.add_session(connection, made)
    accounts.note_log_in(connection, made.name, made.made_at)
    append_audit(
        connection,
        at=made.made_at,
        who=made.name,
        action="logged_in",
        subject="page",
        detail={"address": address},
    )


def _take_back_attempt(connection: Connection, origins: dict[str, Patience]) -> None:
    for origin, patience in origins.items():
        kept = took_back(accounts.load_failures(connection, origin))
        if kept is None or patience is BY_NAME:
            accounts.forget_failures(connection, origin)
        else:
            accounts.save_failures(connection, origin, kept)
