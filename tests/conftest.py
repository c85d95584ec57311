"""Fixtures that several rooms use."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from monitor.store.database import Database, open_database
from tests.databases import PostgreSQL, SQLite, running_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for the whole run of this process."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> SQLite:
    """The template that every SQLite store is a copy of."""
    return SQLite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated store; the test runs on either database."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield request.getfixturevalue("sqlite").migrated(tmp_path)
        else:
            server: PostgreSQL = request.getfixturevalue("postgresql")
            yield stack.enter_context(server.migrated())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated store; the test runs on either database."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(sqlite: SQLite, tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated store in a SQLite file."""
    opened = open_database(sqlite.migrated(tmp_path))
    yield opened
    opened.close()
