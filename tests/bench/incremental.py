"""What a change costs: 1 % of an estate's deals, from the store's door to everything settled.

Beside it, in turn: the same estate reconciled from its files by hand-written SQL, and the same
number of changes in an estate of a tenth of the size. Ratios are of wall time; processor time,
the database's own included, stands in the details.
"""

import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec
from sqlalchemy import Row, func, select, text

from monitor.core.entities import EntityFields
from monitor.core.model import Record, StreamId, decode_value
from monitor.cycle import run_cycle
from monitor.store.bulk import listed_ids
from monitor.store.database import Database, open_database
from monitor.store.past import AsOf
from monitor.store.records import decode_keys, save_page
from monitor.store.schema import record
from monitor.store_reconciliation import reconcile_store
from tests.bench.measure import Figure
from tests.bench.stored_estate import AS_OF, StoredEstate, look_done, store_estate
from tests.databases import running_postgresql
from tests.estates.writing import write_estate

DEALS = 1_000_000
BY_HAND = Path(__file__).with_name("by_hand.sql")
PAGE = 2_000
ROUNDS = 5
DRIFTS, HAIRS = 20, 5
"""Of so many changed deals one has another amount, or one that is off by less than rules mind; the
others have another owner."""
HAIR = Decimal("0.001")


CHANGING = {
    StreamId("crm", "opportunities"): ("amount", 2),
    StreamId("psa", "projects"): ("budget", 4),
    StreamId("erp", "invoices"): ("amount", 4),
}
"""Streams in which deals change, the field that drifts, and the share of all changes: one in so
many."""


class Spent(NamedTuple):
    """Seconds on the wall, and of the processors: of this process and of its server's."""

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Settled:
    """An estate in a store, every deal looked at once.

    Attributes:
        stored: the estate.
        folder: its extracts.
        first_look: what the first look at everything took.
        full: what it took to reconcile everything from the store.
    """

    stored: StoredEstate
    folder: Path
    first_look: Spent
    full: Spent


def run(deals: int = DEALS) -> Iterator[Figure]:
    """Four figures a database."""
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
    one_percent, files = _median(changed), _median(by_hand)
    many, few = _median(few_in_large), _median(few_in_small)
    what = f"{name}: {share:,} changed deals of {deals:,}"
    return [
        _figure(f"{what} / full reconcile from the store", one_percent, large.full, "<= 0.05"),
        _figure(f"{what} / first look at all of it", one_percent, large.first_look, "<= 0.05"),
        _figure(f"{what} / hand-written SQL over files", one_percent, files, f"<= {aim}"),
        _figure(
            f"{name}: {few_deals:,} changes of {deals:,} / of {deals // 10:,}", many, few, "<= 1.3"
        ),
    ]


def _figure(name: str, ours: Spent, theirs: Spent, aim: str) -> Figure:
    detail = (
        f"{ours.wall:.2f} s / {theirs.wall:.2f} s;"
        f" processor {ours.processor:.2f} s / {theirs.processor:.2f} s,"
        f" {ours.processor / theirs.processor:.2f}"
    )
    return Figure(name, ours.wall / theirs.wall, aim, detail)


def _median(spent: Iterable[Spent]) -> Spent:
    return Spent(*map(statistics.median, zip(*spent, strict=True)))


def _spend(what: Callable[[], object], database: Database | None = None) -> Spent:
    """What doing something takes."""
    wall, processor = time.perf_counter(), _processor(database)
    what()
    return Spent(time.perf_counter() - wall, _processor(database) - processor)


def _processor(database: Database | None) -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + (0 if database is None else _of_server(database))


def _of_server(database: Database) -> float:
    """Processor seconds of the process that serves us; all that we do goes through one."""
    if database.dialect != "postgresql":
        return 0
    with database.read() as connection:
        number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    after_name = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    user, system = after_name.split()[11:13]
    return (int(user) + int(system)) / 100


@contextmanager
def _settled(url: str, folder: Path) -> Iterator[Settled]:
    database = open_database(url)
    try:
        database.migrate()
        stored = store_estate(folder, database)
        look = _spend(lambda: run_cycle(stored.estate, database, stored.clock), database)
        database.refresh_statistics()
        now = AsOf(stored.clock(), stored.clock())
        full = _spend(lambda: reconcile_store(stored.estate, database, now), database)
        yield Settled(stored, folder, look, full)
    finally:
        database.close()


def _reconcile_by_hand(folder: Path) -> Spent:
    """What the same comparisons take over the files."""
    out = folder / "by_hand.out"
    statement = BY_HAND.read_text(encoding="utf-8").format(
        data=folder, out=out, as_of=AS_OF.isoformat()
    )

    def compare() -> None:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(statement)

    return _spend(compare)


def _change(settled: Settled, count: int, number: int) -> Spent:
    """What it takes from so many changed deals at the store's door to everything settled."""
    stored = settled.stored
    stored.clock.advance(timedelta(minutes=1))
    changes = changes_of(stored, count, number)
    look_done(stored)
    return _spend(lambda: settle_changes(stored, changes, count), stored.database)


def settle_changes(
    stored: StoredEstate, changes: Mapping[StreamId, list[Record]], count: int
) -> None:
    """Save what changed, page by page, and settle so many deals."""
    for stream, records in changes.items():
        for start in range(0, len(records), PAGE):
            with stored.database.write() as connection:
                page = records[start : start + PAGE]
                save_page(connection, stream, page, stored.clock())
    done = run_cycle(stored.estate, stored.database, stored.clock)
    if done.looked_at < count * 0.9:
        raise RuntimeError(f"the cycle looked at {done.looked_at} transactions")


def changes_of(stored: StoredEstate, count: int, number: int) -> dict[StreamId, list[Record]]:
    """Records from all over the estate, others in each round."""
    changes = {}
    for stream, (amount, one_in) in CHANGING.items():
        with stored.database.read() as connection:
            of_stream = record.c.stream == str(stream)
            ends = select(func.min(record.c.id), func.max(record.c.id)).where(of_stream)
            first, last = connection.execute(ends).one()
            stride = (last - first) // (count // one_in)
            ids = range(first + number % stride, last, stride)[: count // one_in]
            rows = connection.execute(
                select(record).where(record.c.id.in_(listed_ids(connection, ids)))
            ).all()
        kinds = stored.estate.sources[stream].fields
        changes[stream] = [
            _changed(stream, row, kinds, amount, nth, stored.clock())
            for nth, row in enumerate(rows)
        ]
    return changes


def _changed(
    stream: StreamId, row: Row[Any], kinds: EntityFields, amount: str, nth: int, now: datetime
) -> Record:
    fields = {
        name: decode_value(kinds[name], value)
        for name, value in msgspec.json.decode(row.fields).items()
    }
    worth = fields[amount]
    if isinstance(worth, Decimal):
        off = Decimal(1) if nth % DRIFTS == 0 else HAIR if nth % HAIRS == 0 else Decimal(0)
        fields[amount] = worth + off
    fields["owner"] = f"since {now}"
    return Record(stream, row.entity, row.native_id, fields, tuple(decode_keys(row.key_uses)), now)
