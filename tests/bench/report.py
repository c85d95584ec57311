"""An evidence pack of a whole estate that stands still: its time and memory, against their aims.

The measured process opens the store, judges every deal, and writes and signs the pack.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from monitor.app import build_estate, read_landscape
from monitor.config.effective import effective
from monitor.cycle import run_cycle
from monitor.evidence_pack.keys import make_key, open_signer
from monitor.evidence_pack.making import end_of_audit, make_pack
from monitor.evidence_pack.provenance import select_configuration
from monitor.evidence_pack.request import Request, Subject
from monitor.preparation import prepare_flow
from monitor.simulation.clock import VirtualClock
from monitor.store.database import open_database
from monitor.store.looks import note_look
from tests.bench.measure import Figure
from tests.bench.processes import python
from tests.bench.processes import run as run_process
from tests.bench.stored_estate import AS_OF, LANDSCAPE, PATIENCE, store_estate
from tests.estates.writing import write_estate

DEALS = 100_000
AIM_SECONDS = 60
AIM_DEALS = 1_000_000
AIM_MIB = 500
PERIOD = timedelta(days=30)


def run(deals: int = DEALS) -> Iterator[Figure]:
    """Two figures, of an estate with fifteen records a deal."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        folder = Path(name)
        _prepare(folder, deals)
        done = run_process(python("-m", "tests.bench.report", name))
    aim = AIM_SECONDS * deals / AIM_DEALS
    how = f"{done.seconds:.1f} s of wall time, {done.busy:.1f} s of processor time"
    yield Figure(
        f"report over {deals:,} deals / its share of 60 s", done.seconds / aim, "<= 1.0", how
    )
    peak = f"{done.megabytes:.0f} MiB / {AIM_MIB} MiB"
    yield Figure(
        f"memory of a report over {deals:,} deals", done.megabytes / AIM_MIB, "<= 1.0", peak
    )


def _prepare(folder: Path, deals: int) -> None:
    """A store of an estate that was looked at for longer than the period, and settled."""
    write_estate(folder / "files", deals, seed=1)
    with closing(open_database(f"sqlite:///{folder}/store.db")) as database:
        database.migrate()
        stored = store_estate(folder / "files", database)
        for flow in stored.estate.flows:
            prepare_flow(flow, database, stored.clock())
        run_cycle(stored.estate, database, stored.clock)
        with database.write() as connection:
            for stream in stored.tables:
                for at in (AS_OF - 2 * PERIOD, AS_OF):
                    note_look(connection, stream, at, patience=3 * PERIOD, now=AS_OF)
        make_key(folder / "keys", database, AS_OF, "bench")
        database.refresh_statistics()


def main() -> None:
    """Make the report of a prepared folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.report")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    landscape = read_landscape(LANDSCAPE, os.environ).model_copy(update={"settle": PATIENCE})
    estate = build_estate(landscape, VirtualClock(AS_OF), calls_today={})
    (flow,) = estate.flows
    request = Request(Subject.FLOW, flow.name, flow.name, (), AS_OF - PERIOD, AS_OF, AS_OF)
    with closing(open_database(f"sqlite:///{folder}/store.db")) as database:
        make_pack(
            end_of_audit(request, database),
            estate,
            select_configuration(effective(landscape)),
            database,
            open_signer(folder / "keys", database),
            folder / "report.zip",
        )


if __name__ == "__main__":
    main()
