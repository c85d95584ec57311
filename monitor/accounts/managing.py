"""Give and take access. Each act is in the audit log; no secret is."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final

from monitor.accounts.passwords import hash_password, why_not
from monitor.accounts.secrets import digest_of, new_secret
from monitor.core.accounts import ApiToken
from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.people import People, Permission, Person
from monitor.store import accounts, api_tokens, sessions
from monitor.store.audit import append_audit
from monitor.store.database import Connection, Database

LONGEST_TOKEN: Final = timedelta(days=366)
"""No token is for ever: the access review would find it after those who made it have gone."""


def change_password(
    database: Database, people: People, name: str, password: str, who: str, clock: Clock
) -> int:
    """Let somebody log in with this password alone; how many sessions of theirs that ended.

    Raises:
        Permanent: the landscape does not name them, or the password is too easy to guess.
        Transient: the store failed.
    """
    _named(people, name)
    refused = why_not(password, name)
    if refused is not None:
        raise Permanent(refused, reason=Reason.REFUSED)
    hashed, now = hash_password(password), clock()
    with database.write() as connection:
        accounts.set_password(connection, name, hashed, now)
        ended = sessions.end_sessions(connection, name)
        _note(connection, now, who, "password_set", f"person {name}", sessions_ended=ended)
    return ended


def lock(database: Database, name: str, who: str, clock: Clock) -> int:
    """Let nobody be let in as somebody, and end their sessions; how many those were.

    Raises:
        Permanent: there is no such account, or it is locked.
        Transient: the store failed.
    """
    now = clock()
    with database.write() as connection:
        if not accounts.set_lock(connection, name, now):
            raise Permanent(f"'{name}' cannot log in anyway", reason=Reason.REFUSED)
        ended = sessions.end_sessions(connection, name)
        _note(connection, now, who, "account_locked", f"person {name}", sessions_ended=ended)
    return ended


def unlock(database: Database, name: str, who: str, clock: Clock) -> None:
    """Let somebody log in again, by decision or after too many attempts.

    Raises:
        Permanent: there is no such account.
        Transient: the store failed.
    """
    now = clock()
    with database.write() as connection:
        if accounts.load_account(connection, name) is None:
            raise Permanent(f"'{name}' has no password yet", reason=Reason.NOT_FOUND)
        accounts.set_lock(connection, name, None)
        accounts.forget_failures(connection, f"name {digest_of(name)}")
        _note(connection, now, who, "account_unlocked", f"person {name}")


def log_out(database: Database, digest: str, who: str, clock: Clock) -> None:
    """End one session.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.write() as connection:
        if sessions.end_session(connection, digest):
            _note(connection, clock(), who, "logged_out", "page")


def log_out_everywhere(database: Database, name: str, who: str, clock: Clock) -> int:
    """End every session of somebody; how many those were.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.write() as connection:
        ended = sessions.end_sessions(connection, name)
        if ended:
            subject = f"person {name}"
            _note(connection, clock(), who, "logged_out", subject, sessions_ended=ended)
    return ended


def add_token(
    database: Database,
    people: People,
    name: str,
    label: str,
    permissions: Collection[Permission],
    lasts: timedelta,
    who: str,
    clock: Clock,
    secret: Callable[[], str] = new_secret,
) -> tuple[ApiToken, str]:
    """Let programs ask in somebody's name; returns the token too, which nobody sees again.

    Raises:
        Permanent: the landscape does not name them, they may not do all of that themselves, or the
            token would hold for too long.
        Transient: the store failed.
    """
    person, now, token = _named(people, name), clock(), f"tieout_{secret()}"
    beyond = sorted(each.value for each in set(permissions) - person.permissions)
    if beyond or not permissions:
        why = f"may not {', '.join(beyond)}" if beyond else "needs something to be allowed"
        raise Permanent(f"a token of '{name}' {why}", reason=Reason.REFUSED)
    if not timedelta(0) < lasts <= LONGEST_TOKEN or not label.strip():
        why = f"a token has a label and holds for {LONGEST_TOKEN.days} days at most"
        raise Permanent(why, reason=Reason.REFUSED)
    with database.write() as connection:
        made = api_tokens.add_api_token(
            connection, digest_of(token), name, label.strip(), permissions, now, now + lasts
        )
        _note(
            connection,
            now,
            who,
            "token_added",
            f"token {made.number}",
            person=name,
            label=made.label,
            permissions=sorted(made.permissions),
            expires_at=made.expires_at.isoformat(),
        )
    return made, token


def revoke_token(database: Database, number: int, who: str, clock: Clock) -> None:
    """Make a token worth nothing.

    Raises:
        Permanent: there is no such token, or somebody revoked it before.
        Transient: the store failed.
    """
    now = clock()
    with database.write() as connection:
        if not api_tokens.revoke_api_token(connection, number, now):
            raise Permanent(f"there is no token {number} to revoke", reason=Reason.NOT_FOUND)
        _note(connection, now, who, "token_revoked", f"token {number}")


def _named(people: People, name: str) -> Person:
    person = people.named(name)
    if person is None:
        why = f"'{name}' is not among the people whom the landscape names"
        raise Permanent(why, reason=Reason.NOT_FOUND)
    return person


def _note(
    connection: Connection, at: datetime, who: str, action: str, subject: str, **detail: Any
) -> None:
    append_audit(connection, at=at, who=who, action=action, subject=subject, detail=detail)
