"""Records stored a second, against the driver's own fastest way to write the same rows.

Both sides write pages of the same size into the same tables, one transaction a page. The bare
side is given its rows ready made; the store gets records, and looks for each whether it is there.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from monitor.core.model import KeyRole, KeyUse, Record, StreamId, Value
from monitor.store import records
from monitor.store.columns import to_microseconds
from monitor.store.database import Database, open_database
from tests.bench.measure import Figure
from tests.databases import SQLite, running_postgresql

STREAM = StreamId("crm", "opportunity")
START = datetime(2026, 1, 1, tzinfo=UTC)
RECORDS = 20_000
PAGE = 2_000
RUNS = 5

COLUMNS = {
    "record": (
        "id", "stream", "native_id", "entity", "version", "fields", "key_uses", "modified_at",
        "observed_at", "deleted",
    ),
    "record_key": ("kind", "value", "record_id", "role"),
    "touch": ("record_id",),
}  # fmt: skip

Rows = dict[str, list[tuple[object, ...]]]


def run() -> list[Figure]:
    """Measure both databases; takes about a minute."""
    pages = [
        [_record(number) for number in range(start, start + PAGE)]
        for start in range(0, RECORDS, PAGE)
    ]
    rows = [_rows(page, 1 + index * PAGE) for index, page in enumerate(pages)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tieout-bench-")))
        template = SQLite(folder)
        server = stack.enter_context(running_postgresql())

        def fresh_files() -> Iterator[str]:
            while True:
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    yield template.migrated(Path(place))

        def fresh_databases() -> Iterator[str]:
            while True:
                with server.migrated() as url:
                    yield url

        return [
            _compare("store: SQLite, of executemany", fresh_files(), pages, rows, _executemany),
            _compare("store: PostgreSQL, of COPY", fresh_databases(), pages, rows, _copy),
        ]


def _compare(
    name: str,
    urls: Iterator[str],
    pages: Sequence[list[Record]],
    rows: Sequence[Rows],
    write_bare: Callable[[str, Sequence[Rows]], float],
) -> Figure:
    """Take turns, so that whatever else the machine does falls on both."""
    stored, bare = [], []
    for _ in range(RUNS):
        bare.append(write_bare(next(urls), rows))
        stored.append(_store(next(urls), pages))
    ours, theirs = statistics.median(stored), statistics.median(bare)
    rates = f"{RECORDS / ours:,.0f} records/s, bare {RECORDS / theirs:,.0f}"
    return Figure(name, theirs / ours, ">= 0.5", rates)


def _store(url: str, pages: Sequence[list[Record]]) -> float:
    with closing(open_database(url)) as database:
        return _timed(lambda: _store_pages(database, pages))


def _store_pages(database: Database, pages: Sequence[list[Record]]) -> None:
    for page in pages:
        with database.write() as connection:
            records.save_page(connection, STREAM, page, START)


def _executemany(url: str, rows: Sequence[Rows]) -> float:
    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as bare:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            bare.execute(f"PRAGMA {pragma}")

        def write() -> None:
            for page in rows:
                bare.execute("BEGIN IMMEDIATE")
                for table, columns in COLUMNS.items():
                    marks = ", ".join("?" * len(columns))
                    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
                    bare.executemany(statement, page[table])
                bare.execute("COMMIT")

        return _timed(write)


def _copy(url: str, rows: Sequence[Rows]) -> float:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(plain)) as bare:

        def write() -> None:
            for page in rows:
                with bare.transaction(), bare.cursor() as cursor:
                    for table, columns in COLUMNS.items():
                        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
                        with cursor.copy(statement.encode()) as copy:
                            for row in page[table]:
                                copy.write_row(row)

        return _timed(write)


def _timed(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _record(number: int) -> Record:
    """A record as wide as the ones that customer relationship systems have."""
    fields: dict[str, Value] = {
        "number": f"OPP-{number:06}",
        "name": f"Transformation programme {number} of a customer with a long name",
        "status": "won",
        "owner": "north",
        "region": "EMEA",
        "legal_entity": "Firm GmbH",
        "service_line": "advisory",
        "amount": Decimal(number) * 13 / 8,
        "currency": "EUR",
        "created_at": START + timedelta(minutes=number),
        "closed_at": START + timedelta(minutes=number, days=30),
        "start_on": (START + timedelta(days=40)).date(),
    }
    keys = (
        KeyUse(KeyRole.DEFINES, "deal", f"OPP-{number:06}"),
        KeyUse(KeyRole.REFERS, "customer", f"C-{number % 997}"),
    )
    modified_at = START + timedelta(minutes=number)
    return Record(STREAM, "opportunity", f"006{number:012}", fields, keys, modified_at)


def _rows(page: Sequence[Record], first_id: int) -> Rows:
    """What the database holds of these records in the end."""
    now = to_microseconds(START)
    return {
        "record": [
            (
                number, str(STREAM), each.native_id, each.entity, each.version,
                each.encoded, records.encode_keys(each.keys),
                to_microseconds(each.modified_at or START), now, each.deleted,
            )
            for number, each in enumerate(page, first_id)
        ],
        "record_key": [
            (use.kind, use.value, number, use.role.value)
            for number, each in enumerate(page, first_id)
            for use in each.keys
        ],
        "touch": [(number,) for number, _ in enumerate(page, first_id)],
    }  # fmt: skip


if __name__ == "__main__":
    for each in run():
        sys.stdout.write(f"{each.name}: {each.ratio:.2f} ({each.detail})\n")
