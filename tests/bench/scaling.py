"""How a full reconciliation grows: deals, processes, shards. `python -m tests.bench.scaling`."""

import argparse
import tempfile
from pathlib import Path

from tests.bench.processes import run
from tests.bench.reconcile import LANDSCAPE, tieout, write_apart

SIZES = (100_000, 1_000_000, 5_000_000)


def main() -> None:
    """Print one row of the table in docs/performance.md for each size and number of processes."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scaling")
    parser.add_argument("--deals", type=int, nargs="+", default=SIZES)
    chosen = parser.parse_args()
    for deals in chosen.deals:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder)
            write_apart(data, deals)
            for processes in (1, 2):
                landscape = data / "landscape.yaml"
                settings = f"workers: {{processes: {processes}}}\n"
                landscape.write_text(LANDSCAPE.read_text() + settings)
                done = run(tieout(data, data / "breaks.parquet", landscape), (1,))
                print(
                    f"| {deals:,} | {processes} | {done.seconds:.1f} |"
                    f" {done.busy:.1f} | {done.megabytes:,.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
