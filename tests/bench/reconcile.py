"""A full reconciliation of extracts, against SQL written by hand and against datacompy.

All are whole processes, one after another in turn over the same files, their results written.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from tests.bench.measure import Figure
from tests.bench.processes import Run, python, race
from tests.bench.processes import run as run_process

DEALS = 1_000_000
TIMES = 5
LANDSCAPE = Path("examples/extracts/landscape.yaml")
_RIVALS = Path(".venv/rivals/bin/python")
_PAIRS = Path("tests/bench/pair_by_pair.py")


def run(deals: int = DEALS, times: int = TIMES) -> Iterator[Figure]:
    """Wall time and memory at so many deals."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        write_apart(data, deals)
        ours, by_hand = data / "ours.parquet", data / "by_hand.parquet"
        runs = race(
            {
                "tieout": tieout(data, ours),
                "by hand": python("-m", "tests.bench.by_hand", str(data), str(by_hand)),
                "datacompy": [str(_RIVALS), str(_PAIRS), str(data)],
            },
            times,
        )
        records = _require_same_breaks(data, ours, by_hand)
    what = f"{records:,} records, {deals:,} deals, median of {times}"
    tied, hand, pairs = runs["tieout"], runs["by hand"], runs["datacompy"]
    yield Figure(
        "full reconciliation / DuckDB by hand, wall time",
        tied.seconds / hand.seconds,
        "≤ 1.0",
        f"{_told(tied)} against {_told(hand)}; {what}",
    )
    yield Figure(
        "full reconciliation / DuckDB by hand, processor time", tied.busy / hand.busy, "", what
    )
    yield Figure("full reconciliation, most memory, GiB", tied.megabytes / 1024, "≤ 1.5", what)
    yield Figure(
        "datacompy, the pairs it can do / all of ours, wall time",
        pairs.seconds / tied.seconds,
        "≥ 5",
        f"{_told(pairs)}; {what}",
    )


def tieout(data: Path, out: Path, landscape: Path = LANDSCAPE) -> list[str]:
    """The command that an auditor types."""
    return python(
        "-m", "monitor.cli", "reconcile", str(landscape), "--data", str(data),
        "--as-of", "2026-01-01T00:00:00Z", "--out", str(out),
    )  # fmt: skip


def _told(run: Run) -> str:
    return f"{run.seconds:.2f} s and {run.megabytes:,.0f} MiB"


def write_apart(folder: Path, deals: int) -> None:
    """Write an estate in a process of its own: a child inherits its parent's peak of memory."""
    run_process(python("-m", "tests.estates", str(folder), "--deals", str(deals), "--seed", "5"))


def _require_same_breaks(data: Path, ours: Path, by_hand: Path) -> int:
    """The number of records reconciled.

    Raises:
        RuntimeError: not everybody found the same.
    """
    columns = ["key", "kind", "system"]
    one, other = (
        pl.scan_parquet(path).select(columns).sort(columns).collect() for path in (ours, by_hand)
    )
    if not one.equals(other):
        raise RuntimeError("the two reconciliations do not find the same breaks")
    apart = {ours, by_hand, data / "truth.parquet"}
    tables = [path for path in data.glob("*.parquet") if path not in apart]
    return sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in tables)
