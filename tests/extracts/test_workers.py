"""Shards come to the same wherever they are worked on, a worker that dies included."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from distributed import Client

from monitor.config.landscape import WorkerSettings
from monitor.core.errors import Transient
from monitor.extracts.breaks_file import breaks_table
from monitor.extracts.workers import run_tasks
from monitor.reconciliation import reconcile
from tests.estates.writing import write_estate

LANDSCAPE = Path("examples/extracts/landscape.yaml")
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
WORKERS = 2


def square(number: int) -> int:
    return number * number


def die_once(mark: Path) -> str:
    """End the worker the first time that this is asked for."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return mark.name


def die(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler on loopback with two workers, each under a nanny of its own."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    commands = [
        ("dask_scheduler", "--port", "0", "--scheduler-file", str(file), *quiet),
        *[
            ("dask_worker", "--scheduler-file", str(file), "--nthreads", "1", "--nworkers", "1",
             "--local-directory", str(folder / f"{number}"), *quiet)
            for number in range(WORKERS)
        ],
    ]  # fmt: skip
    with ExitStack() as running:
        for name, *options in commands:
            command = [sys.executable, "-m", f"distributed.cli.{name}", *options]
            process = running.enter_context(
                subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
            running.callback(process.terminate)
        _wait_until(file.exists)
        address = str(json.loads(file.read_text())["address"])
        with Client(address) as client:
            client.wait_for_workers(WORKERS, timeout=60)
        yield address


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate")
    write_estate(folder, 3000, seed=11)
    return folder


def test_results_come_in_the_order_of_the_tasks() -> None:
    for settings in (WorkerSettings(), WorkerSettings(processes=2)):
        assert list(run_tasks(settings, square, range(7))) == [0, 1, 4, 9, 16, 25, 36]


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    marks = [tmp_path / name for name in ("a", "b")]
    assert list(run_tasks(WorkerSettings(processes=2), die_once, marks)) == ["a", "b"]


def test_a_task_that_kills_every_worker_is_given_up() -> None:
    with pytest.raises(Transient, match="keep dying"):
        list(run_tasks(WorkerSettings(processes=2), die, range(2)))


def test_a_worker_of_a_cluster_that_dies_is_replaced(cluster: str, tmp_path: Path) -> None:
    settings = WorkerSettings(cluster=cluster)
    marks = [tmp_path / name for name in ("a", "b")]
    assert list(run_tasks(settings, die_once, marks)) == ["a", "b"]


def test_a_cluster_that_is_not_there_is_said_so() -> None:
    with pytest.raises(Transient, match="no cluster at"):
        list(run_tasks(WorkerSettings(cluster="tcp://127.0.0.1:1"), square, range(2)))


@pytest.fixture(params=["one", "shards", "processes", "cluster"])
def workers(request: pytest.FixtureRequest, cluster: str) -> str:
    return {
        "one": "{}",
        "shards": "{rows: 5000}",
        "processes": "{processes: 2, rows: 20000}",
        "cluster": f"{{cluster: '{cluster}', rows: 20000}}",
    }[str(request.param)]


def test_breaks_are_the_same_wherever_shards_are_worked_on(
    workers: str, estate: Path, tmp_path: Path
) -> None:
    landscape = tmp_path / "landscape.yaml"
    landscape.write_text(f"{LANDSCAPE.read_text()}workers: {workers}\n")
    breaks = breaks_table(reconcile(landscape, estate, AS_OF).result.found)
    truth = pl.read_parquet(estate / "truth.parquet")
    assert breaks.height == truth.height
    assert sorted(breaks["key"]) == sorted(truth["key"])


def test_a_cluster_goes_on_where_a_worker_is_killed_in_the_middle(
    cluster: str, estate: Path, tmp_path: Path
) -> None:
    landscape = tmp_path / "landscape.yaml"
    settings = f"workers: {{cluster: '{cluster}', rows: 4000}}\n"
    landscape.write_text(LANDSCAPE.read_text() + settings)
    with Client(cluster) as client, ThreadPoolExecutor(1) as pool:
        workers = set(client.run(os.getpid).values())
        done = pool.submit(reconcile, landscape, estate, AS_OF)
        _wait_until(lambda: any(client.processing().values()))
        os.kill(min(workers), signal.SIGKILL)
        breaks = breaks_table(done.result().result.found)
        client.wait_for_workers(WORKERS, timeout=60)
        assert min(workers) not in client.run(os.getpid).values()
    assert breaks.height == pl.read_parquet(estate / "truth.parquet").height


def _wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.03)
    pytest.fail("it never came to be")
