"""What a page costs at an estate of so many deals, in processor time of the whole application.

Beside each page, in turn: one plain question to the same store, which reads a hundred breaks with
everything that is stored of them. A page may take 100 ms at 1,000,000 deals.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
from sqlalchemy import update

from monitor.calls import CallLedger
from monitor.core.breaks import BreakState
from monitor.core.metrics import Metrics
from monitor.core.people import Permission
from monitor.cycle import run_cycle
from monitor.jobs import Runtime
from monitor.scheduler import Daemon
from monitor.store.breaks import list_breaks, place_of
from monitor.store.database import Database, open_database
from monitor.store.schema import breaks
from monitor.store.trace import find_transactions
from monitor.web.application import create_application
from monitor.web.asking import Asker
from monitor.web.places import write_place
from tests.bench.measure import Figure
from tests.bench.stored_estate import StoredEstate, store_estate
from tests.estates.writing import write_estate

DEALS = 1_000_000
ROUNDS = 50
AIM = 0.1
"""Seconds of processor time."""


def run(deals: int = DEALS) -> Iterator[Figure]:
    """Two figures a page."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as place:
        folder = Path(place)
        write_estate(folder, deals, seed=1)
        with closing(open_database(f"sqlite:///{folder / 'pages.db'}")) as database:
            database.migrate()
            stored = store_estate(folder, database)
            run_cycle(stored.estate, database, stored.clock)
            hear_of_all(database)
            yield from measure(stored, deals)


def hear_of_all(database: Database) -> None:
    """What is suspected stands: nobody was asked to confirm it."""
    with database.write() as connection:
        connection.execute(
            update(breaks)
            .where(breaks.c.state == BreakState.SUSPECTED.value)
            .values(state=BreakState.OPEN.value, opened_at=breaks.c.suspected_at)
        )


def measure(stored: StoredEstate, deals: int) -> Iterator[Figure]:
    """Every page so often; what an event leads to be counted anew is counted once before."""
    stored.clock.advance(timedelta(minutes=1))
    runtime = Runtime(stored.database, Metrics("bench"), stored.clock, CallLedger())
    everybody = Asker(permissions=frozenset(Permission), is_on_machine=True)
    application = create_application(
        Daemon(runtime, lambda: stored.estate), identify=lambda _: everybody
    )
    for path in _paths(stored.database):
        pages, plain = asyncio.run(_ask(application, stored.database, path))
        median, worst = statistics.median(pages), statistics.quantiles(pages, n=100)[98]
        bare = statistics.median(plain)
        told = f"{median * 1000:.1f} ms, 99th {worst * 1000:.1f} ms / {bare * 1000:.1f} ms"
        shown = path if len(path) <= 40 else f"{path[:39]}…"
        yield Figure(f"page {shown} of {deals:,} deals / 100 ms", median / AIM, "<= 1", told)
        yield Figure(f"page {shown} of {deals:,} deals / a plain question", median / bare, "", told)


def _paths(database: Database) -> list[str]:
    with database.read() as connection:
        listed = list_breaks(connection, limit=500)
        (deal,) = find_transactions(connection, limit=1)
    far, one = write_place(place_of(listed[-1])), listed[0]
    return [
        "/",
        "/transactions",
        f"/transactions?q={deal.key[:-1]}",
        "/transactions?q=nothing-of-this-name",
        "/transactions?status=in_flight",
        f"/transactions/{deal.key}",
        "/breaks",
        f"/breaks?after={far}",
        f"/breaks?system={one.finding.system}&kind={one.finding.kind.value}",
        f"/breaks/{one.id}",
        "/incidents",
        "/plans",
        "/corrections",
        "/audit",
        "/reports",
        "/controls",
        "/configuration",
        "/indicators",
        "/api/v1/now",
        "/api/v1/breaks",
    ]


async def _ask(
    application: object, database: Database, path: str
) -> tuple[list[float], list[float]]:
    pages, plain = [], []
    inside = httpx.ASGITransport(application, client=("127.0.0.1", 50_000))  # type: ignore[arg-type]  # an application
    async with httpx.AsyncClient(transport=inside, base_url="http://127.0.0.1") as client:
        for _ in range(ROUNDS + 1):
            started = time.process_time()
            answer = await client.get(path)
            pages.append(time.process_time() - started)
            if answer.status_code != httpx.codes.OK:
                raise RuntimeError(f"{path} answered {answer.status_code}")
            started = time.process_time()
            with database.read() as connection:
                list_breaks(connection, limit=100)
            plain.append(time.process_time() - started)
    return pages[1:], plain[1:]
