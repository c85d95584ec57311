"""`make bench`: every figure as a ratio against something measured beside it.

`make bench ARGS="--large 100000"` takes a smaller large estate.
"""

import argparse

from tests.bench import (
    cycle,
    incremental,
    indicators,
    matching,
    memory,
    pages,
    reconcile,
    report,
    scrape,
    store,
)


def main() -> None:
    """Measure and print; fails only where something could not be measured."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--small", type=int, default=cycle.SMALL, help="records")
    parser.add_argument("--large", type=int, default=cycle.LARGE, help="records")
    parser.add_argument("--deals", type=int, default=reconcile.DEALS, help="of the extracts")
    parser.add_argument("--reported", type=int, default=report.DEALS, help="deals of a report")
    chosen = parser.parse_args()
    for measure in (
        lambda: reconcile.run(chosen.deals),
        lambda: incremental.run(chosen.deals),
        store.run,
        lambda: cycle.run(chosen.small, chosen.large),
        memory.run,
        matching.run,
        indicators.run,
        scrape.run,
        lambda: pages.run(chosen.deals),
        lambda: report.run(chosen.reported),
    ):
        for figure in measure():
            print(figure, flush=True)


if __name__ == "__main__":
    main()
