"""A process of tieout that works on one plan until nothing is left, or is killed at a failpoint.

    python -m tests.correcting.killed LANDSCAPE PLAN MINUTES [FAILPOINT]

Its clock is that many minutes ahead, so that what a process before it left is due; the landscape's
references come from the environment. SIGKILL ends it when it comes to the failpoint. Its exit
status says whether anything is left to be done.
"""

import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import structlog

from monitor.cli import workbench
from monitor.core.clock import system_clock
from monitor.core.corrections import PlanState
from monitor.correcting.applying import apply_plan
from monitor.correcting.failpoints import Failpoint, arm
from monitor.correcting.working import take_turn
from monitor.estate import Estate
from monitor.simulation.clock import VirtualClock
from monitor.store.database import Database
from monitor.store.plans import state_of
from tests.correcting.crashes import is_over
from tests.correcting.stage import TURNS


def work(landscape: Path, plan: str, minutes: int) -> bool:
    """Work on a plan; whether it came to its end."""
    clock = VirtualClock(system_clock(), system_clock)
    clock.advance(timedelta(minutes=minutes))
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        estate = workbench.build(settings, database, clock)
        try:
            return _work(estate, database, plan, clock)
        finally:
            estate.close()


def _work(estate: Estate, database: Database, plan: str, clock: VirtualClock) -> bool:
    with database.read() as connection:
        state = state_of(connection, plan)
    if state in (PlanState.APPROVED, PlanState.APPLYING):
        apply_plan(estate, database, plan, clock)
    for _ in range(TURNS):
        if is_over(database, plan):
            return True
        with database.read() as connection:
            is_done = state_of(connection, plan) is PlanState.DONE
        clock.advance(timedelta(minutes=60 if is_done else 3))
        take_turn(estate, database, clock)
    return False


def _main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    landscape, plan, minutes, *point = sys.argv[1:]

    def reached(here: Failpoint) -> None:
        if here in point:
            os.kill(os.getpid(), signal.SIGKILL)

    arm(reached)
    return 0 if work(Path(landscape), plan, int(minutes)) else 1


if __name__ == "__main__":
    sys.exit(_main())
