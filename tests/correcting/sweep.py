"""The failpoint sweep: `python -m tests.correcting.sweep [--seeds N]`, or `make failpoints`.

Every failpoint of a correction is died at: simulated, with every mishap of the target, in seeded
runs with several deaths, and by SIGKILL of a real process. What the target's ledger shows is held
against what tieout says. Exit status 1 if anything was done twice, lost, or never came to an end.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from monitor.core.corrections import CorrectionState
from monitor.correcting.failpoints import Failpoint
from tests.correcting.crashes import Result, Run, Stage, at_random, systematic
from tests.correcting.kills import Scene

SEEDS = 100
_PROCESSES = 2
_PORTIONS = 8


@dataclass
class _Row:
    """What became of all runs that died first at one failpoint."""

    runs: int = 0
    kills: int = 0
    states: Counter[CorrectionState] = field(default_factory=Counter)
    violations: int = 0


def play(runs: Sequence[Run]) -> list[Result]:
    """Play runs on a stage of their own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="tieout-crashes-") as folder:
        stage = Stage(Path(folder))
        return [stage.play(run) for run in runs]


def kill_everywhere() -> list[Result]:
    """Kill a real process at each failpoint."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    kept = tempfile.TemporaryDirectory(prefix="tieout-kills-")
    with kept as folder, Scene(Path(folder)) as scene:
        return [scene.kill_at(point) for point in Failpoint]


def sweep(seeds: int) -> tuple[list[Result], list[Result]]:
    """Everything; simulated deaths, and real ones."""
    runs = [*systematic(), *(at_random(seed) for seed in range(seeds))]
    portions = [runs[start::_PORTIONS] for start in range(_PORTIONS)]
    with ProcessPoolExecutor(_PROCESSES) as pool:
        killing = pool.submit(kill_everywhere)
        simulated = [result for part in pool.map(play, portions) for result in part]
        return simulated, killing.result()


def tell(simulated: Sequence[Result], real: Sequence[Result]) -> list[str]:
    """The table of failpoints and outcomes, and every violation."""
    rows = {point: _Row() for point in Failpoint}
    for result in (*simulated, *real):
        row = rows[result.run.crashes[0][0]]
        row.runs += 1
        row.states += result.states
        row.violations += len(result.violations)
    for result in real:
        rows[result.run.crashes[0][0]].kills += result.died
    seen = [state for state in CorrectionState if any(row.states[state] for row in rows.values())]
    lines = [_line("died at", "runs", "SIGKILL", *(str(state) for state in seen), "violations")]
    for point, row in rows.items():
        counts = (row.runs, row.kills, *(row.states[state] for state in seen), row.violations)
        lines.append(_line(str(point), *(str(count) for count in counts)))
    for result in (*simulated, *real):
        lines += [f"{result.run}: {violation}" for violation in result.violations]
    return lines


def unreached(simulated: Sequence[Result], real: Sequence[Result]) -> set[Failpoint]:
    """Failpoints at which nothing died, so that nothing was shown of them."""
    died = {point for each in simulated if each.died for point in each.reached}
    return set(Failpoint) - (died & {point for each in real for point in each.reached})


def _line(name: str, *cells: str) -> str:
    return f"{name:<20}" + "".join(f"{cell:>13}" for cell in cells)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="sweep", description="The failpoint sweep.")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs with several deaths")
    began = time.monotonic()
    simulated, real = sweep(parser.parse_args().seeds)
    print("\n".join(tell(simulated, real)))  # noqa: T201 - the report is what it is run for
    missed = unreached(simulated, real)
    violations = sum(len(each.violations) for each in (*simulated, *real))
    deaths = sum(each.died for each in (*simulated, *real))
    summary = f"{len(simulated) + len(real)} runs, {deaths} deaths, {violations} violations"
    print(f"{summary}, {time.monotonic() - began:.0f} s")  # noqa: T201 - likewise
    if missed:
        print(f"never reached: {', '.join(sorted(missed))}")  # noqa: T201 - likewise
    return 1 if violations or missed else 0


if __name__ == "__main__":
    sys.exit(_main())
