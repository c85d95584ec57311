"""Databases as sources: opened to read only, with an end to every statement, and typed failures."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    NoSuchTableError,
    SQLAlchemyError,
    StatementError,
)

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.strict_json import parse_rows
from probes.engine.odd_values import accept_odd_values

CONNECT_SECONDS: Final = 10


def _read_json(text: str | bytes) -> Any:
    """A JSON column's document; text that is none stays text, and its row is set aside alone."""
    try:
        return parse_rows(text)
    except ValueError:
        return text


_JSON: Final[Mapping[str, Any]] = {"json_deserializer": _read_json}
_ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = dict.fromkeys(
    ("postgresql", "mysql", "mariadb", "sqlite"), _JSON
)
_CONNECT_ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "postgresql": {"connect_timeout": CONNECT_SECONDS},
    "mysql": {"connect_timeout": CONNECT_SECONDS},
    "mariadb": {"connect_timeout": CONNECT_SECONDS},
}
_SERVER_TIME: Final[Mapping[str, str]] = {
    "postgresql": "SELECT clock_timestamp()",
    "mysql": "SELECT UTC_TIMESTAMP(6)",
    "mariadb": "SELECT UTC_TIMESTAMP(6)",
    "mssql": "SELECT SYSUTCDATETIME()",
    "oracle": "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM DUAL",
}
_STEPS_BETWEEN_LOOKS: Final = 10_000
"""SQLite's virtual machine asks this often whether it may go on."""


def open_engine(url: str) -> Engine:
    """An engine for a source; nothing is connected yet.

    Raises:
        Permanent: the URL cannot be used, or its driver is not installed.
    """
    try:
        address = make_url(url)
        return accept_odd_values(
            create_engine(
                address,
                hide_parameters=True,
                pool_pre_ping=address.get_backend_name() != "sqlite",
                connect_args=dict(_CONNECT_ARGUMENTS.get(address.get_backend_name(), {})),
                **_ARGUMENTS.get(address.get_backend_name(), {}),
            )
        )
    except (ArgumentError, ValueError):
        failure = "the URL is not one of SQLAlchemy's (dialect+driver://user:password@host/name)"
    except (NoSuchModuleError, ImportError) as error:
        failure = f"the database's driver is not installed ({type(error).__name__})"
    # Raised out here, so that an error which quotes the URL is not chained.
    raise Permanent(failure, reason=Reason.CONFIGURATION)


@contextmanager
def reading(engine: Engine, time_limit: TimeLimit) -> Iterator[Connection]:
    """A connection in a transaction that only reads and ends with the time limit.

    Raises:
        Transient, Permanent: instead of whatever the driver raises in the block.
    """
    failure: TieoutError
    try:
        _require_file(engine.url)
        with engine.connect() as connection:
            with _restricted(connection, time_limit):
                yield connection
            connection.rollback()
            return
    except SQLAlchemyError as error:
        failure = translate(error, is_over=time_limit.left() <= 0)
    raise failure from None


def names_account(url: str) -> bool:
    """Whether a URL says as whom one logs in; one that cannot be read says nothing."""
    try:
        return bool(make_url(url).username)
    except (ArgumentError, ValueError):
        return False


def open_writing_engine(url: str) -> Engine:
    """An engine for changes; SQLite takes its lock at the start, so that nobody comes between.

    Raises:
        Permanent: the URL cannot be used, or its driver is not installed.
    """
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda driver, _: _begin_by_hand(driver))
        event.listen(
            engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE")
        )
    return engine


def _begin_by_hand(driver: sqlite3.Connection) -> None:
    driver.isolation_level = None


@contextmanager
def changing(engine: Engine, time_limit: TimeLimit, *, keep: bool) -> Iterator[Connection]:
    """A connection in a transaction that ends with the time limit.

    Args:
        engine: from `open_writing_engine`.
        time_limit: for all statements together.
        keep: commit at the end; else nothing is changed.

    Raises:
        Permanent: nothing was changed.
        Transient: whether something was changed is not known, if the reason is not in `UNSENT`.
    """
    failure: TieoutError
    is_committing = False
    try:
        _require_file(engine.url)
        with engine.connect() as connection:
            with _bounded(connection, time_limit):
                yield connection
            is_committing = keep
            if keep:
                connection.commit()
            return
    except SQLAlchemyError as error:
        failure = translate(error, is_over=time_limit.left() <= 0)
    is_certain = failure.reason in (Reason.CONFLICT, Reason.REFUSED)
    if is_committing and not is_certain:
        failure = Transient(f"at the commit, {failure}", reason=Reason.SERVER_ERROR)
    raise failure from None


@contextmanager
def _bounded(connection: Connection, time_limit: TimeLimit) -> Iterator[None]:
    if time_limit.left() <= 0:
        raise Transient("the write took longer than allowed", reason=Reason.DEADLINE)
    if connection.dialect.name == "sqlite":
        yield from _interrupted(connection, lambda: time_limit.left() <= 0)
        return
    if connection.dialect.name == "postgresql":
        milliseconds = max(1, int(time_limit.left() * 1000))
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
    yield


def _require_file(url: URL) -> None:
    """SQLite makes a file that is not there, and an empty source would be read as truth."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    path = str(url.database).removeprefix("file:")
    if not Path(path).is_file():
        raise Transient("the database's file is not there", reason=Reason.UNREACHABLE)


@contextmanager
def _restricted(connection: Connection, time_limit: TimeLimit) -> Iterator[None]:
    if time_limit.left() <= 0:
        raise Transient("the look took longer than allowed", reason=Reason.DEADLINE)
    milliseconds = max(1, int(time_limit.left() * 1000))
    match _dialect_of(connection):
        case "postgresql":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
        case "mysql":
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            connection.exec_driver_sql(f"SET SESSION max_execution_time = {milliseconds}")
        case "mariadb":
            connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            connection.exec_driver_sql(f"SET SESSION max_statement_time = {milliseconds / 1000}")
        case "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")
            yield from _interrupted(connection, lambda: time_limit.left() <= 0)
            return
    yield


def _dialect_of(connection: Connection) -> str:
    """MariaDB answers to MySQL's name as well, but has settings of its own."""
    is_mariadb = getattr(connection.dialect, "is_mariadb", False)
    return "mariadb" if is_mariadb else connection.dialect.name


def _interrupted(connection: Connection, is_over: Callable[[], bool]) -> Iterator[None]:
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]  # SQLAlchemy types it for no driver in particular
    driver.set_progress_handler(is_over, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def server_time(connection: Connection) -> datetime | None:
    """The present by the server's clock; None where there is no server, or no known question."""
    question = _SERVER_TIME.get(connection.dialect.name)
    if question is None:
        return None
    present: datetime = connection.exec_driver_sql(question).scalar_one()
    return present.astimezone(UTC) if present.tzinfo else present.replace(tzinfo=UTC)


_SQLSTATES: Final[tuple[tuple[str, Reason], ...]] = (
    ("28", Reason.CREDENTIALS),
    ("42501", Reason.CREDENTIALS),
    ("42", Reason.SCHEMA),
    ("23505", Reason.CONFLICT),
    ("57014", Reason.DEADLINE),
    ("53", Reason.THROTTLED),
    ("25006", Reason.REFUSED),
    ("22", Reason.MALFORMED),
    ("08", Reason.UNREACHABLE),
    ("57P", Reason.UNREACHABLE),
    ("40", Reason.THROTTLED),
    ("", Reason.REFUSED),
)
"""First digits of SQLSTATE (ISO 9075; PostgreSQL manual, appendix A) and what they mean here."""

_TEXTS: Final[tuple[tuple[re.Pattern[str], Reason], ...]] = (
    (re.compile(r"UNIQUE constraint|Duplicate entry"), Reason.CONFLICT),
    (re.compile(r"constraint failed|foreign key constraint|cannot be null"), Reason.REFUSED),
    (re.compile(r"no such (table|column|function)|syntax error"), Reason.SCHEMA),
    (re.compile(r"readonly database|read-only"), Reason.REFUSED),
    (re.compile(r"interrupted|timeout|timed out"), Reason.DEADLINE),
    (re.compile(r"authentication|access denied|password", re.IGNORECASE), Reason.CREDENTIALS),
    (re.compile(r"not a database|malformed"), Reason.MALFORMED),
    (re.compile(r"too many connections|locked"), Reason.THROTTLED),
)
"""For drivers without SQLSTATE, and for connections that never came about."""

_WORTH_ANOTHER_TRY: Final = frozenset({Reason.DEADLINE, Reason.THROTTLED, Reason.UNREACHABLE})


def translate(error: SQLAlchemyError, *, is_over: bool) -> TieoutError:
    """Ours for the driver's, without quoting it: it may hold the address, a key or an amount."""
    reason = Reason.DEADLINE if is_over else _reason_of(error)
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    detail = f" (SQLSTATE {state})" if state else ""
    kind = Transient if reason in _WORTH_ANOTHER_TRY else Permanent
    return kind(f"the database: {reason.value.replace('_', ' ')}{detail}", reason=reason)


def _reason_of(error: SQLAlchemyError) -> Reason:
    if isinstance(error, NoSuchTableError):
        return Reason.NOT_FOUND
    if not isinstance(error, DBAPIError):
        return Reason.SCHEMA if isinstance(error, StatementError) else Reason.UNREACHABLE
    state = getattr(error.orig, "sqlstate", None) or ""
    text = str(error.orig)
    if state:
        return next(reason for digits, reason in _SQLSTATES if state.startswith(digits))
    return next((reason for pattern, reason in _TEXTS if pattern.search(text)), Reason.UNREACHABLE)
