"""Accounts, and attempts to log in with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from monitor.core.accounts import Account, Failures
from monitor.store.account_tables import account, log_in_failure
from monitor.store.bulk import upsert

_Shown = Row[Any, Any, Any, Any]
_SHOWN = (account.c.name, account.c.changed_at, account.c.locked_at, account.c.logged_in_at)


def set_password(connection: Connection, name: str, hashed: str, now: datetime) -> None:
    """Let somebody log in with this password from now on, and with no other."""
    made = upsert(connection, account).values(name=name, password=hashed, changed_at=now)
    changed = {"password": hashed, "changed_at": now}
    connection.execute(made.on_conflict_do_update(index_elements=["name"], set_=changed))


def password_of(connection: Connection, name: str) -> str | None:
    """The hash of somebody's password; None where nobody of this name can log in."""
    query = select(account.c.password).where(account.c.name == name, account.c.locked_at.is_(None))
    return connection.execute(query).scalar_one_or_none()


def load_account(connection: Connection, name: str) -> Account | None:
    """The account of this name; None where there is none."""
    row = connection.execute(select(*_SHOWN).where(account.c.name == name)).one_or_none()
    return None if row is None else _read(row)


def list_accounts(connection: Connection) -> list[Account]:
    """All, by name."""
    return [_read(row) for row in connection.execute(select(*_SHOWN).order_by(account.c.name))]


def set_lock(connection: Connection, name: str, since: datetime | None) -> bool:
    """Let nobody log in with an account, or somebody again; False where it was so before."""
    as_before = account.c.locked_at.is_(None) if since is None else account.c.locked_at.is_not(None)
    change = update(account).where(account.c.name == name, ~as_before).values(locked_at=since)
    return connection.execute(change).rowcount == 1


def note_log_in(connection: Connection, name: str, now: datetime) -> None:
    """Somebody has logged in."""
    connection.execute(update(account).where(account.c.name == name).values(logged_in_at=now))


def load_failures(connection: Connection, origin: str) -> Failures | None:
    """Attempts that failed since the last that did not; None where none has."""
    query = select(log_in_failure).where(log_in_failure.c.origin == origin)
    row = connection.execute(query).one_or_none()
    return None if row is None else Failures(row.failures, row.last_at, row.locked_until)


def save_failures(connection: Connection, origin: str, failures: Failures) -> None:
    """Remember attempts that failed."""
    values = {
        "failures": failures.count,
        "last_at": failures.last_at,
        "locked_until": failures.locked_until,
    }
    made = upsert(connection, log_in_failure).values(origin=origin, **values)
    connection.execute(made.on_conflict_do_update(index_elements=["origin"], set_=values))


def forget_failures(connection: Connection, origin: str) -> None:
    """An attempt has not failed."""
    connection.execute(delete(log_in_failure).where(log_in_failure.c.origin == origin))


def forget_old_failures(connection: Connection, before: datetime) -> None:
    """Drop attempts that nobody holds against anybody any more."""
    connection.execute(delete(log_in_failure).where(log_in_failure.c.last_at < before))


def _read(row: _Shown) -> Account:
    return Account(row.name, row.changed_at, row.locked_at, row.logged_in_at)
