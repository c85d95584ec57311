"""Shards at work: one after another here, in processes of this machine, or on a cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

from monitor.config.landscape import WorkerSettings
from monitor.core.errors import Permanent, Reason, Transient

Task = TypeVar("Task")
Result = TypeVar("Result")

_TRIES = 3
"""How often a shard is begun before its failure is taken for its own fault."""


def run_tasks(
    settings: WorkerSettings, work: Callable[[Task], Result], tasks: Sequence[Task]
) -> Iterator[Result]:
    """The result of each task, in their order.

    A worker that dies is replaced, and its task begun anew: a shard only reads.

    Raises:
        Transient: the cluster cannot be reached, or workers keep dying.
    """
    if settings.cluster is not None:
        return _on_cluster(settings.cluster, work, tasks)
    if settings.stays_here:
        return map(work, tasks)
    return _in_processes(settings.processes, work, tasks)


def _in_processes(
    processes: int, work: Callable[[Task], Result], tasks: Sequence[Task]
) -> Iterator[Result]:
    results: dict[int, Result] = {}
    for _ in range(_TRIES):
        left = [number for number in range(len(tasks)) if number not in results]
        with (
            _sharing_the_cores(processes),
            ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        ):
            begun = {number: pool.submit(work, tasks[number]) for number in left}
            for number, future in begun.items():
                try:
                    results[number] = future.result()
                except BrokenProcessPool:
                    continue
        if len(results) == len(tasks):
            return iter([results[number] for number in range(len(tasks))])
    raise Transient("worker processes keep dying", reason=Reason.UNREACHABLE)


@contextmanager
def _sharing_the_cores(processes: int) -> Iterator[None]:
    """Each process that starts inside takes its share of the cores and no more."""
    name, before = "POLARS_MAX_THREADS", os.environ.get("POLARS_MAX_THREADS")
    os.environ[name] = str(max(1, (os.cpu_count() or 1) // processes))
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _on_cluster(
    address: str, work: Callable[[Task], Result], tasks: Sequence[Task]
) -> Iterator[Result]:
    try:
        from distributed import Client  # noqa: PLC0415 - an extra that few installations have
    except ImportError:
        raise Permanent(
            "a cluster needs the extra 'cluster': pip install 'tieout[cluster]'",
            reason=Reason.CONFIGURATION,
        ) from None
    try:
        client = Client(address, timeout="10s")
    except OSError as error:
        raise Transient(f"no cluster at {address}", reason=Reason.UNREACHABLE) from error
    with client:
        futures = client.map(work, tasks, pure=False, retries=_TRIES - 1)
        yield from client.gather(futures)
