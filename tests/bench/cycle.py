"""What a cycle costs: 100 changed records in a small estate and in one a hundred times its size."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from monitor.core.entities import ENTITIES
from monitor.core.model import KeyRole, KeyUse, Record, StreamId
from monitor.cycle import run_cycle
from monitor.store.database import Database, open_database
from monitor.store.records import save_page
from monitor.store.streams import note_success
from tests.bench.measure import Figure
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, START, SmallFirm
from tests.databases import running_postgresql

SMALL, LARGE = 10_000, 1_000_000
CHANGED = 100
ROUNDS = 7


def run(small: int = SMALL, large: int = LARGE) -> list[Figure]:
    """One figure a database: the large estate's cycle against the small one's, in turn."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        urls = [f"sqlite:///{folder}/{name}.db" for name in ("small", "large")]
        figures = [_compare("SQLite", urls, (small, large))]
    with running_postgresql() as server, server.migrated() as first, server.migrated() as second:
        figures.append(_compare("PostgreSQL", [first, second], (small, large)))
    return figures


def _compare(database: str, urls: Sequence[str], sizes: tuple[int, int]) -> Figure:
    firms = [estate_of(url, size) for url, size in zip(urls, sizes, strict=True)]
    seconds: list[list[float]] = [[], []]
    for number in range(ROUNDS):
        for place, firm in enumerate(firms):
            seconds[place].append(_cycle(firm, number))
    for firm in firms:
        firm.database.close()
    few, many = (statistics.median(times) for times in seconds)
    return Figure(
        f"{database}: cycle, {CHANGED} changed of {sizes[1]:,} / of {sizes[0]:,} records",
        many / few,
        "<= 1.5",
        f"{many * 1000:.0f} ms / {few * 1000:.0f} ms, medians of {ROUNDS}",
    )


def estate_of(url: str, records: int) -> SmallFirm:
    """A settled estate: half opportunities, half their projects, every deal looked at once."""
    database = open_database(url)
    database.migrate()
    firm = SmallFirm(database)
    deals = records // 2
    for start in range(0, deals, 10_000):
        numbers = range(start, min(start + 10_000, deals))
        for stream in (OPPORTUNITY, PROJECT):
            write_rows(
                database, stream, [record_of(stream, number, "1000.00") for number in numbers]
            )
    look_done(firm)
    # As the jobs do after much was read, and after much was looked at.
    database.refresh_statistics()
    run_cycle(firm.estate, database, firm.clock)
    database.refresh_statistics()
    return firm


def _cycle(firm: SmallFirm, number: int) -> float:
    """Seconds from 100 changed records stored to everything settled."""
    firm.later(minutes=1)
    first = number * CHANGED
    amount = f"{2000 + number}.00"
    changed = [
        record_of(stream, deal, amount)
        for deal in range(first, first + CHANGED // 2)
        for stream in (OPPORTUNITY, PROJECT)
    ]
    look_done(firm)
    started = time.perf_counter()
    for stream in (OPPORTUNITY, PROJECT):
        write_rows(firm.database, stream, [each for each in changed if each.stream == stream])
    done = run_cycle(firm.estate, firm.database, firm.clock)
    elapsed = time.perf_counter() - started
    if done.looked_at != CHANGED // 2:
        raise RuntimeError(f"the cycle looked at {done.looked_at} transactions")
    return elapsed


def write_rows(database: Database, stream: StreamId, rows: list[Record]) -> None:
    with database.write() as connection:
        save_page(connection, stream, rows, START)


def look_done(firm: SmallFirm) -> None:
    """Note complete looks, as sampling does."""
    with firm.database.write() as connection:
        for stream in (OPPORTUNITY, PROJECT):
            now = firm.clock()
            note_success(
                connection, stream, now, cursor=now, looked_until=now, began_at=now, was_full=False
            )


def record_of(stream: StreamId, number: int, amount: str) -> Record:
    is_root = stream == OPPORTUNITY
    role = KeyRole.DEFINES if is_root else KeyRole.REFERS
    moment = "closed_at" if is_root else "created_at"
    fields = dict.fromkeys(ENTITIES[stream.stream]) | {
        "number": f"{stream.stream}-{number}",
        "name": f"Deal number {number}",
        "status": "won" if is_root else "active",
        "amount": Decimal(amount),
        "currency": "EUR",
        moment: START - timedelta(days=number % 300, hours=1 if is_root else 0),
    }
    return Record(
        stream=stream,
        entity=stream.stream,
        native_id=f"{stream.stream[0]}{number}",
        fields=fields,
        keys=(KeyUse(role, "deal", f"OPP-{number}"),),
        modified_at=START - timedelta(days=number % 300),
    )
