"""The failpoint sweep: `python -m tests.correcting.sweep [--seeds N]`, or `make failpoints`.

Every failpoint of a correction is died at: simulated, with every mishap of the target; over HTTP,
behind an intermediary that loses, delays and repeats; in seeded runs with several deaths; and by
SIGKILL of a real process, after which another one goes on. What the target's ledger shows is held
against what tieout says. Exit status 1 if anything was done twice, lost, or never came to an end.
"""

import argparse
import logging
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog

from monitor.core.corrections import CorrectionState
from monitor.correcting.failpoints import Failpoint
from tests.correcting.crashes import (
    Medium,
    Result,
    Run,
    at_random,
    over_http,
    over_http_at_random,
    systematic,
)
from tests.correcting.intermediary import Passage
from tests.correcting.stage import Stage
from tests.correcting.target import Mishap
from tests.correcting.wire import Wire

SEEDS = 100
_PROCESSES = 2
_PORTIONS = 4

Item = TypeVar("Item")

Kill = Failpoint | None
"""Where a real process is killed; None: while it waits for the answer to its write."""


@dataclass
class _Row:
    """What became of some runs."""

    media: Counter[Medium] = field(default_factory=Counter)
    states: Counter[CorrectionState] = field(default_factory=Counter)
    violations: int = 0

    def count(self, result: Result) -> None:
        self.media[result.run.medium] += 1
        self.states += result.states
        self.violations += len(result.violations)


def play(runs: Sequence[Run]) -> list[Result]:
    """Play simulated runs on a stage of their own."""
    _be_quiet()
    with tempfile.TemporaryDirectory(prefix="tieout-crashes-") as folder:
        stage = Stage(Path(folder))
        return [stage.play(run) for run in runs]


def play_over_http(runs: Sequence[Run]) -> list[Result]:
    """Play runs over HTTP, behind an intermediary of their own."""
    _be_quiet()
    kept = tempfile.TemporaryDirectory(prefix="tieout-wire-")
    with kept as folder, Wire(Path(folder)) as wire:
        return [wire.play(run) for run in runs]


def kill(points: Sequence[Kill]) -> list[Result]:
    """Kill a real process at each of these."""
    _be_quiet()
    kept = tempfile.TemporaryDirectory(prefix="tieout-kills-")
    with kept as folder, Wire(Path(folder)) as wire:
        return [
            wire.kill_in_the_call() if point is None else wire.kill_at(point) for point in points
        ]


def sweep(seeds: int) -> list[Result]:
    """Everything: simulated deaths, those over HTTP, and real ones."""
    numbers = range(seeds)
    simulated = [*systematic(), *(at_random(seed) for seed in numbers)]
    wired = [*over_http(), *(over_http_at_random(seed) for seed in numbers)]
    with ProcessPoolExecutor(_PROCESSES) as pool:
        work = [pool.submit(kill, part) for part in _portions([*Failpoint, None])]
        work += [pool.submit(play_over_http, part) for part in _portions(wired)]
        work += [pool.submit(play, part) for part in _portions(simulated)]
        return [result for each in work for result in each.result()]


def tell(results: Sequence[Result]) -> list[str]:
    """Two tables, by failpoint and by what went wrong with writes, and every violation."""
    points = {_died_at(point): _Row() for point in (*Failpoint, None)}
    met = {str(each): _Row() for each in (*Mishap, *Passage)}
    for result in results:
        first = result.run.crashes[0][0] if result.run.crashes else None
        points[_died_at(first)].count(result)
        for each in result.met:
            met[str(each)].count(result)
    lines = [*_table("died at", points), "", *_table("writes were", met)]
    for result in results:
        lines += [f"{result.run}: {violation}" for violation in result.violations]
    return lines


def unreached(results: Sequence[Result]) -> set[str]:
    """Failpoints at which nothing died, and mishaps that nothing met: nothing was shown of them."""
    missed: set[str] = set()
    for medium in Medium:
        of_it = [each for each in results if each.run.medium is medium and each.died]
        died = {point for each in of_it for point in each.reached}
        missed |= {f"{point} ({medium})" for point in set(Failpoint) - died}
    met = {str(each) for result in results for each in result.met}
    return missed | {str(each) for each in (*Mishap, *Passage)} - met


def _portions(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[start::_PORTIONS] for start in range(_PORTIONS)]


def _be_quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _died_at(point: Failpoint | None) -> str:
    return "(in the call)" if point is None else str(point)


def _table(head: str, rows: Mapping[str, _Row]) -> list[str]:
    seen = [state for state in CorrectionState if any(row.states[state] for row in rows.values())]
    lines = [_line(head, *Medium, *seen, "violations")]
    for name, row in rows.items():
        counts = (row.media[medium] for medium in Medium)
        states = (row.states[state] for state in seen)
        lines.append(_line(name, *map(str, (*counts, *states, row.violations))))
    return lines


def _line(name: str, *cells: str) -> str:
    return f"{name:<24}" + "".join(f"{cell:>13}" for cell in cells)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="sweep", description="The failpoint sweep.")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs with several deaths")
    began = time.monotonic()
    results = sweep(parser.parse_args().seeds)
    print("\n".join(tell(results)))  # noqa: T201 - the report is what it is run for
    missed = unreached(results)
    violations = sum(len(each.violations) for each in results)
    deaths = sum(each.died for each in results)
    spent = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    summary = f"{len(results)} runs, {deaths} deaths, {violations} violations"
    took = f"{time.monotonic() - began:.0f} s, {spent:.0f} s of processor time"
    print(f"\n{summary}, {took}")  # noqa: T201 - likewise
    if missed:
        print(f"never reached: {', '.join(sorted(missed))}")  # noqa: T201 - likewise
    return 1 if violations or missed else 0


if __name__ == "__main__":
    sys.exit(_main())
