"""Whole processes, measured: wall time, processor time, and the most memory that each held."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a process.

    Attributes:
        seconds: of wall time.
        busy: seconds of processor time, of all cores together.
        megabytes: the largest resident set.
    """

    seconds: float
    busy: float
    megabytes: float


def run(command: Sequence[str], expected: Sequence[int] = (0,)) -> Run:
    """Run a command to its end.

    Raises:
        RuntimeError: it ended otherwise than expected.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in expected:
        raise RuntimeError(f"{command[:4]} ended with {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def race(commands: Mapping[str, Sequence[str]], times: int) -> dict[str, Run]:
    """The medians of several runs of each command, one after another in turn."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(run(command, (0, 1, 5)))
    return {
        name: Run(
            median(each.seconds for each in its),
            median(each.busy for each in its),
            max(each.megabytes for each in its),
        )
        for name, its in runs.items()
    }


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]
