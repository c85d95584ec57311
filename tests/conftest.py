"""Fixtures that several rooms use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from monitor.store.database import Database, open_database
from tests.databases import PostgreSQL, SQLite, running_postgresql

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")


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
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty, migrated store; the test runs on either database."""
    if request.param == "sqlite":
        template: SQLite = request.getfixturevalue("sqlite")
        return template.migrated(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.emptied()


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same for tests that change the schema."""
    if request.param == "sqlite":
        template: SQLite = request.getfixturevalue("sqlite")
        yield template.migrated(tmp_path)
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.migrated() as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty, migrated store; the test runs on either database."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def own_database(own_database_url: str) -> Iterator[Database]:
    """The same for tests that change the schema."""
    opened = open_database(own_database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(sqlite: SQLite, tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated store in a SQLite file."""
    opened = open_database(sqlite.migrated(tmp_path))
    yield opened
    opened.close()
