"""A store opened: transactions to read and to write in, and the schema brought up to date."""

import importlib.resources
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from monitor.core.errors import Permanent, Reason
from monitor.store import (  # noqa: F401 - their tables are part of the schema
    account_tables,
    answered,
    correction_tables,
    evidence_tables,
    incident_tables,
    measure_tables,
)
from monitor.store.failures import typed_failures
from monitor.store.migrations import HEAD, REVISIONS
from monitor.store.schema import metadata
from monitor.store.settings import save_setting
from monitor.store.view_list import VIEWS
from monitor.store.views import are_made, drop_views, make_views

__all__ = ["Connection", "Database", "open_database"]

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=30000",
    "cache_size=-4096",
)

_NO_FILE = frozenset({None, "", ":memory:"})


class Database:
    """Where everything is kept. May be used by several threads at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(writes=False)
        self._writer = engine.execution_options(writes=True)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot that cannot be written to.

        Raises:
            Transient: the store is busy, full or away.
            Permanent: it refused a statement.
        """
        with self._failures(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it becomes durable at the end, or none.

        Raises:
            Transient: the store is busy, full or away.
            Permanent: it refused a statement.
        """
        with self._failures(), self._writer.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema and its views up to date; all of it or nothing.

        Raises:
            Transient, Permanent: as `write`.
        """
        with self.write() as connection:
            is_current = _revision(connection) == HEAD
            if is_current and are_made(connection, VIEWS):
                return
            drop_views(connection)
            if not is_current:
                self._upgrade(connection)
            make_views(connection, VIEWS)

    def _upgrade(self, connection: Connection) -> None:
        """Run the migrations that are missing."""
        # Loaded only when needed: a daemon whose store is up to date does without.
        command = importlib.import_module("alembic.command")
        config = importlib.import_module("alembic.config").Config()
        folder = importlib.resources.files("monitor.store") / "migrations"
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    def check_writable(self) -> None:
        """Find out whether a row could be written now.

        Raises:
            Transient: the store is busy, full or away.
            Permanent: it refuses to be written to.
        """
        with self.write() as connection:
            save_setting(connection, "checked_writable", "yes")

    def problems(self) -> list[str]:
        """What is wrong with the stored bytes, as far as the database can tell; reads them all."""
        if self.dialect != "sqlite":
            return []
        try:
            with self.read() as connection:
                found = connection.execute(text("PRAGMA integrity_check(20)")).scalars().all()
                orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
        except Permanent:
            return ["the file is damaged beyond what can be listed"]
        if found != ["ok"]:
            return list(found)
        return [f"{row[0]} row {row[1]} points at nothing in {row[2]}" for row in orphans]

    def refresh_statistics(self) -> None:
        """Let the planner know how large the tables have become, after much was read at once.

        PostgreSQL finds out by itself within minutes; until then it may read whole tables.
        SQLite's plans do not depend on it.
        """
        if self.dialect == "postgresql":
            with self.write() as connection:
                connection.execute(text("ANALYZE"))

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _failures(self) -> AbstractContextManager[None]:
        return typed_failures(self._engine.dialect.loaded_dbapi.Error)


def open_database(url: str) -> Database:
    """Open a store, whether or not it has been migrated yet.

    Args:
        url: SQLAlchemy URL, `sqlite:///file` or `postgresql+psycopg://…`.

    Raises:
        Transient: the store is busy or away.
        Permanent: the URL cannot be used, or the store is damaged or of a newer tieout.
    """
    database = Database(_create_engine(url))
    try:
        with database.read() as connection:
            _refuse_strange_schema(connection)
    except BaseException:
        database.close()
        raise
    return database


def _create_engine(url: str) -> Engine:
    options: dict[str, Any] = {"hide_parameters": True, "pool_timeout": 30}
    try:
        target = make_url(url)
        if target.get_backend_name() == "postgresql":
            options["pool_pre_ping"] = True
        elif target.get_backend_name() == "sqlite" and target.database not in _NO_FILE:
            # Writers queue for the one lock, each on a connection of its own: readers must not
            # have to queue behind them for a connection.
            options["max_overflow"] = -1
        else:
            raise Permanent(
                "store.url must name a SQLite file or a PostgreSQL database",
                reason=Reason.CONFIGURATION,
            )
        engine = create_engine(target, **options)
    except (ArgumentError, NoSuchModuleError):
        # The original message repeats the URL, which may hold a password.
        raise Permanent("store.url is not a usable URL", reason=Reason.CONFIGURATION) from None
    except ModuleNotFoundError as error:
        raise Permanent(
            f"store.url needs the module {error.name}: install tieout[postgresql]",
            reason=Reason.CONFIGURATION,
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions of its own: it begins them late and deferred.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # A cycle reads some thousand rows by their keys out of millions. Where reading in order is
    # reckoned four times as cheap, the planner comes to read whole tables instead.
    with connection.cursor() as cursor:
        cursor.execute("SET random_page_cost = 1")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        # Deferred, a read followed by a write fails at once when another writer was quicker,
        # whatever the busy timeout says.
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.exec_driver_sql("BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _revision(connection: Connection) -> str | None:
    """The revision that the store is at; None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _refuse_strange_schema(connection: Connection) -> None:
    revision = _revision(connection)
    tables = set(inspect(connection).get_table_names())
    if revision is None:
        if tables & set(metadata.tables):
            raise Permanent(
                "the store has tables but no schema version: it is damaged, or not tieout's",
                reason=Reason.SCHEMA,
            )
        return
    if revision not in REVISIONS:
        raise Permanent(
            f"the store's schema is {revision}, this version of tieout knows up to {HEAD}:"
            " install the version that wrote it, or a newer one",
            reason=Reason.SCHEMA,
        )
    if revision == HEAD and (lost := sorted(set(metadata.tables) - tables)):
        raise Permanent(f"the store is damaged: it lacks {', '.join(lost)}", reason=Reason.SCHEMA)
