"""A process is killed while it stores pages: each page and its cursor are there together."""

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from monitor.store import streams, touches
from monitor.store.database import open_database
from monitor.store.schema import record, record_key
from tests.store.building import OPPORTUNITIES, at

PAGE = 20
KILLS = 4

WRITER = f"""
import sys
from monitor.store import records, streams
from monitor.store.database import open_database
from tests.store.building import OPPORTUNITIES, an_opportunity, at

database = open_database(sys.argv[1])
with database.read() as connection:
    cursor = streams.load_stream_state(connection, OPPORTUNITIES).cursor
page = 0 if cursor is None else round((cursor - at(0)).total_seconds() / 60)
while True:
    ids = range(page * {PAGE}, (page + 1) * {PAGE})
    with database.write() as connection:
        found = [an_opportunity(str(number)) for number in ids]
        records.save_page(connection, OPPORTUNITIES, found, at(0))
        streams.save_cursor(connection, OPPORTUNITIES, at(page + 1))
    page += 1
    print(page, flush=True)
"""


def test_a_killed_process_leaves_page_and_cursor_together(database_url: str) -> None:
    for round_ in range(KILLS):
        acknowledged = _write_and_kill(database_url, pages=2 + round_)
        with closing(open_database(database_url)) as database, database.read() as connection:
            cursor = streams.load_stream_state(connection, OPPORTUNITIES).cursor
            assert cursor is not None
            pages = round((cursor - at(0)).total_seconds() / 60)
            assert pages >= acknowledged
            for table in (record, record_key):
                count = connection.execute(select(func.count()).select_from(table)).scalar_one()
                assert count == pages * PAGE
            assert touches.count_touched(connection) == pages * PAGE


def _write_and_kill(url: str, pages: int) -> int:
    """Kill a writer once it has reported so many pages; returns the last page reported."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as writer:
        assert writer.stdout is not None
        reported = [int(writer.stdout.readline()) for _ in range(pages)]
        writer.send_signal(signal.SIGKILL)
        return [*reported, *map(int, writer.stdout.read().split("\n")[:-1])][-1]
