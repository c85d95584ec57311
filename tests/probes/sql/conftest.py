from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.databases import PostgreSQL
from tests.probes.sql.deals import NOON, Source, stamp, stamp_type


@pytest.fixture(scope="module")
def server_url(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.empty() as url:
        yield url


@pytest.fixture
def server(server_url: str) -> Iterator[Source]:
    """A PostgreSQL database without any table."""
    with closing(Source(server_url)) as opened:
        opened.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    if request.param == "postgresql":
        yield request.getfixturevalue("server")
        return
    path = tmp_path / "source.db"
    path.touch()
    with closing(Source(f"sqlite:///{path}")) as opened:
        yield opened


@pytest.fixture
def deals(source: Source) -> Source:
    """Seven deals, changed an hour apart, the last three at the same instant."""
    source.create(stamp_type(source))
    for number in range(1, 8):
        changed = NOON + timedelta(hours=min(number, 5))
        source.add(number, stamp(source, changed), name=f"Deal {number}", amount="9644.1250")
    return source
