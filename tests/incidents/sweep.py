"""The sweep of deaths while incidents are told: `python -m tests.incidents.sweep [--seeds N]`.

A real process is killed each time that it comes to a step of telling Slack, and another one goes
on; then at random, several times, with Slack down for some of the time. Exit status 1 if anything
was told twice, never, or without being, or is shown other than it stands.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.databases import SQLite
from tests.incidents.crashes import Result, Stage, at_each, at_random, count, down_for_an_hour
from tests.incidents.killed import Step

SEEDS = 40


def sweep(seeds: int) -> list[Result]:
    """Every step, an hour without Slack, and as many runs at random, on a store in a file."""
    with tempfile.TemporaryDirectory(prefix="tieout-telling-") as name:
        folder = Path(name)
        (folder / "store").mkdir()
        with Stage(folder, SQLite(folder).migrated(folder / "store")) as stage:
            found = [result for step in Step for result in deaths_at(stage, step)]
            found.append(stage.play(down_for_an_hour()))
            return found + [stage.play(at_random(seed)) for seed in range(seeds)]


def deaths_at(stage: Stage, step: Step) -> list[Result]:
    """Runs that die the first time that a process comes to a step, the second, and so on."""
    found: list[Result] = []
    while not found or found[-1].died:
        found.append(stage.play(at_each(step, len(found) + 1)))
    return found


def tell(results: Sequence[Result]) -> list[str]:
    """Every violation, and one line of what happened."""
    return [*(f"{it.run}: {why}" for it in results for why in it.violations), count(results)]


def _main() -> int:
    parser = argparse.ArgumentParser(prog="sweep", description="Deaths while incidents are told.")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs with several deaths")
    began = time.monotonic()
    results = sweep(parser.parse_args().seeds)
    print("\n".join(tell(results)))  # noqa: T201 - the report is what it is run for
    print(f"{time.monotonic() - began:.0f} s")  # noqa: T201 - likewise
    return 1 if any(each.violations for each in results) else 0


if __name__ == "__main__":
    sys.exit(_main())
