"""Writers that are closed when the test is over."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from monitor.core.writing import Writer
from tests.databases import PostgreSQL
from tests.writing.api import Api, OpenWriter, serving
from tests.writing.targets.target import open_probe, writer_of


@pytest.fixture(scope="session")
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """A database for all tests in turn; each drops the table that it made."""
    with postgresql.empty() as url:
        yield url


@pytest.fixture
def open_writer() -> Iterator[OpenWriter]:
    with ExitStack() as scope:

        def open_one(settings: dict[str, Any]) -> Writer:
            probe = open_probe(settings)
            scope.callback(probe.close)
            return writer_of(probe)

        yield open_one


@pytest.fixture
def api(open_writer: OpenWriter) -> Iterator[Api]:
    with serving(open_writer) as opened:
        yield opened
