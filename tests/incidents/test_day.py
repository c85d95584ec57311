"""What people in Slack saw of a whole day, as it stands in the end, word for word.

The conversations are read by Slack's own client from a server of ours that enforces its documented
rules: this proves what we send, and not what Slack makes of it.
"""

from collections.abc import Iterator, Mapping

import pytest

from monitor.store.database import open_database
from tests.databases import SQLite
from tests.incidents.day import CHANNEL_NAMES, GOLDEN, played


@pytest.fixture(scope="module")
def seen(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    database = open_database(sqlite.migrated(tmp_path_factory.mktemp("day")))
    with played(database) as texts:
        yield texts
    database.close()


@pytest.mark.parametrize("channel", CHANNEL_NAMES)
def test_the_day_reads_as_agreed(seen: Mapping[str, str], channel: str) -> None:
    assert seen[channel] == (GOLDEN / f"day_{channel}.txt").read_text("utf-8")
