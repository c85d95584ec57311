"""Writers that are closed when the test is over."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from monitor.core.writing import Writer
from tests.databases import PostgreSQL
from tests.writing.targets.target import open_probe, writer_of

OpenWriter = Callable[[dict[str, Any]], Writer]
"""The writer beside the probe that the settings of a system describe."""


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
