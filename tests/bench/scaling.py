"""How a full reconciliation grows: deals, processes, shards. `python -m tests.bench.scaling`."""

import argparse
import tempfile
from pathlib import Path

from tests.bench.processes import Run, python, run
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
            by_hand = python("-m", "tests.bench.by_hand", str(data), str(data / "by_hand.parquet"))
            _print(deals, "SQL by hand", run(by_hand))
            for processes in (1, 2):
                landscape = data / "landscape.yaml"
                settings = f"workers: {{processes: {processes}}}\n"
                landscape.write_text(LANDSCAPE.read_text() + settings)
                done = run(tieout(data, data / "breaks.parquet", landscape), (1, 5))
                _print(deals, f"tieout, {processes} process{'es' * (processes > 1)}", done)


def _print(deals: int, who: str, done: Run) -> None:
    row = f"| {deals:,} | {who} | {done.seconds:.1f} | {done.busy:.1f} | {done.megabytes:,.0f} |"
    print(row, flush=True)


if __name__ == "__main__":
    main()
