"""The scene on both databases; one for all tests that change nothing in it."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from monitor.store.database import Database, open_database
from tests.answering.scene import Scene
from tests.databases import SQLite


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


@pytest.fixture(scope="module")
def quiet_scene(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Nobody in it does anything."""
    with closing(open_database(sqlite.migrated(tmp_path_factory.mktemp("scene")))) as database:
        yield Scene(database)
