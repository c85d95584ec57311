"""Database errors as typed failures, without the values that drivers put into their messages."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from monitor.core.errors import Permanent, Reason, TieoutError, Transient

_PASSING_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""Primary result codes that go away by themselves or when a person makes room
(https://www.sqlite.org/rescode.html)."""

_PASSING_SQLSTATE = ("08", "25006", "40", "53", "55P03", "57")
"""Starts of the SQLSTATEs that can pass: connection, read-only standby, rollback, resources,
lock, operator intervention (PostgreSQL manual, appendix A)."""


@contextmanager
def typed_failures(driver_error: type[Exception]) -> Iterator[None]:
    """Turn database errors into `Transient` or `Permanent`, both with reason `STORE`.

    The driver's own message is dropped, and with it the chain: it may hold keys and names.
    """
    try:
        yield
    except PoolTimeout:
        raise Transient("no connection to the store came free", reason=Reason.STORE) from None
    except DBAPIError as error:
        raise _typed(error.orig) from None
    except driver_error as error:
        raise _typed(error) from None
    except SQLAlchemyError as error:
        raise Permanent(
            f"the store refused a statement ({type(error).__name__})", reason=Reason.STORE
        ) from error


def _typed(error: BaseException | None) -> TieoutError:
    code, passes = _judge(error)
    if passes:
        return Transient(f"the store is busy, full or away ({code})", reason=Reason.STORE)
    if code == "SQLITE_CANTOPEN":
        return Permanent(
            f"the store's file cannot be opened ({code}): does its folder exist?",
            reason=Reason.STORE,
        )
    return Permanent(f"the store refused a statement ({code})", reason=Reason.STORE)


def _judge(error: BaseException | None) -> tuple[str, bool]:
    """The error's code, and whether it can pass."""
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        # Extended codes carry the primary one in their lowest byte.
        return name, getattr(error, "sqlite_errorcode", -1) & 0xFF in _PASSING_SQLITE
    state = getattr(error, "sqlstate", None)
    if state is None:
        # No server answered: psycopg calls that operational.
        return type(error).__name__, type(error).__name__ in {"OperationalError", "InterfaceError"}
    return state, state.startswith(_PASSING_SQLSTATE)
