"""What a change costs: 1 % of an estate's deals, from the store's door to everything settled.

Beside it, in turn: the same estate reconciled from its files by hand-written SQL, and the same
number of changes in an estate of a tenth of the size.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from monitor.core.model import KeyRole, KeyUse, Record, StreamId
from monitor.cycle import run_cycle
from monitor.store.database import open_database
from monitor.store.records import save_page
from tests.bench.measure import Figure
from tests.bench.stored_estate import AS_OF, StoredEstate, look_done, store_estate
from tests.databases import running_postgresql
from tests.estates.writing import write_estate

DEALS = 1_000_000
OPPORTUNITIES = StreamId("crm", "opportunities")
BY_HAND = Path(__file__).with_name("by_hand.sql")
PAGE = 2_000
ROUNDS = 5
CENTS = Decimal("0.000001")
DRIFTS = 20
"""Of so many changed deals one has another amount; the others have another owner."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An estate in a store, every deal looked at once.

    Attributes:
        stored: the estate.
        folder: its extracts.
        seconds: that the first look at everything took.
    """

    stored: StoredEstate
    folder: Path
    seconds: float


def run(deals: int = DEALS) -> Iterator[Figure]:
    """Three figures a database."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tieout-bench-")))
        folders = [place / "large", place / "small"]
        for folder, count in zip(folders, (deals, deals // 10), strict=True):
            write_estate(folder, count, seed=1)
        urls = [f"sqlite:///{place}/{folder.name}.db" for folder in folders]
        yield from _compare("SQLite", urls, folders, deals, 0.4)
        server = stack.enter_context(running_postgresql())
        urls = [stack.enter_context(server.migrated()) for _ in folders]
        yield from _compare("PostgreSQL", urls, folders, deals, 0.8)


def _compare(
    name: str, urls: Sequence[str], folders: Sequence[Path], deals: int, aim: float
) -> list[Figure]:
    share, few_deals = deals // 100, deals // 1_000
    by_hand, changed, few_in_large, few_in_small = [], [], [], []
    with _settled(urls[0], folders[0]) as large, _settled(urls[1], folders[1]) as small:
        for number in range(ROUNDS):
            by_hand.append(_reconcile_by_hand(large.folder))
            changed.append(_change(large, share, number))
            few_in_large.append(_change(large, few_deals, ROUNDS + number))
            few_in_small.append(_change(small, few_deals, ROUNDS + number))
    one_percent, files = statistics.median(changed), statistics.median(by_hand)
    many, few = statistics.median(few_in_large), statistics.median(few_in_small)
    what = f"{name}: {share:,} changed deals of {deals:,}"
    return [
        Figure(
            f"{what} / first look at everything in the store",
            one_percent / large.seconds,
            "<= 0.05",
            f"{one_percent:.2f} s / {large.seconds:.1f} s",
        ),
        Figure(
            f"{what} / hand-written SQL over files",
            one_percent / files,
            f"<= {aim}",
            f"{one_percent:.2f} s / {files:.2f} s, medians of {ROUNDS}",
        ),
        Figure(
            f"{name}: {few_deals:,} changed deals of {deals:,} / of {deals // 10:,}",
            many / few,
            "<= 1.3",
            f"{many:.2f} s / {few:.2f} s, medians of {ROUNDS}",
        ),
    ]


@contextmanager
def _settled(url: str, folder: Path) -> Iterator[Settled]:
    database = open_database(url)
    try:
        database.migrate()
        stored = store_estate(folder, database)
        started = time.perf_counter()
        run_cycle(stored.estate, database, stored.clock)
        seconds = time.perf_counter() - started
        database.refresh_statistics()
        yield Settled(stored, folder, seconds)
    finally:
        database.close()


def _reconcile_by_hand(folder: Path) -> float:
    """Seconds that the same comparisons take over the files."""
    out = folder / "by_hand.out"
    statement = BY_HAND.read_text(encoding="utf-8").format(
        data=folder, out=out, as_of=AS_OF.isoformat()
    )
    started = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(statement)
    return time.perf_counter() - started


def _change(settled: Settled, count: int, number: int) -> float:
    """Seconds from so many changed deals at the store's door to everything settled."""
    stored = settled.stored
    stored.clock.advance(timedelta(minutes=1))
    changes = list(_changed(settled, count, number))
    look_done(stored)
    started = time.perf_counter()
    for start in range(0, count, PAGE):
        with stored.database.write() as connection:
            page = changes[start : start + PAGE]
            save_page(connection, OPPORTUNITIES, page, stored.clock())
    done = run_cycle(stored.estate, stored.database, stored.clock)
    elapsed = time.perf_counter() - started
    if done.looked_at < count:
        raise RuntimeError(f"the cycle looked at {done.looked_at} transactions")
    return elapsed


def _changed(settled: Settled, count: int, number: int) -> Iterator[Record]:
    """Deals from all over the estate, others in each round."""
    deals = pl.read_parquet(settled.folder / "crm_opportunities.parquet")
    rows = deals.gather_every(deals.height // count, number).head(count)
    for place, row in enumerate(rows.iter_rows(named=True)):
        yield Record(
            stream=OPPORTUNITIES,
            entity="opportunity",
            native_id=row["opportunity_id"],
            fields={
                "status": row["stage"],
                # Written as the first look wrote it: another scale would be another value.
                "amount": (row["amount"] + (1 if place % DRIFTS == 0 else 0)).quantize(CENTS),
                "currency": row["currency"],
                "closed_at": row["closed_at"],
                "owner": f"owner {number}",
            },
            keys=(KeyUse(KeyRole.DEFINES, "deal", row["opp_key"]),),
            modified_at=settled.stored.clock(),
        )
