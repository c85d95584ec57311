"""The simulated firm alone: `python -m monitor.simulation`, until Ctrl-C.

Prints the variables for its landscape as lines that a shell can read, then serves.
"""

import argparse
import shlex
import signal
import sys
from threading import Event

from monitor.simulation.firm import SimulatedFirm, environment


def main() -> None:
    """Serve a firm until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m monitor.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="where all chance comes from")
    parser.add_argument("--deals", type=int, default=200, help="how many deals")
    parser.add_argument(
        "--faults", type=int, default=None, help="how many faults; default: 1 in 10"
    )
    options = parser.parse_args()
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with SimulatedFirm(options.seed, options.deals, faults=options.faults) as firm:
        for name, value in sorted(environment(firm).items()):
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
        sys.stdout.write(f"# control panel: {firm.control_url}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
