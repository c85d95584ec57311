"""What a scrape costs: 50 systems and 500 rules, against the library's writer of plain series."""

import gzip
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from monitor.core import catalogue
from monitor.core.clock import system_clock
from monitor.core.metrics import KnownNames, LabelValues, Metrics
from monitor.core.model import StreamId
from tests.bench.measure import Figure, free_port
from tests.dashboards.large_estate import variables, write_estate

SYSTEMS, FLOWS, HOPS = 50, 5, 9
ROUNDS = 15
SCRAPES, APART_SECONDS = 5, 15
"""Of a daemon: as far apart as Prometheus asks, and as the streams are looked at."""
PATIENCE_SECONDS = 120
AT_ONCE_MS = 50.0
"""What a scrape over HTTP may take."""
OPEN = "application/openmetrics-text; version=1.0.0"


def run() -> list[Figure]:
    """A page in this process, and one that a daemon serves."""
    return [*_in_process(), _over_http()]


def _over_http() -> Figure:
    """Seconds on the wall, a median, while every job is at work."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as name:
        folder = Path(name)
        store, server = {"url": f"sqlite:///{folder / 'tieout.db'}"}, {"port": port}
        landscape = write_estate(
            folder, system_clock() - timedelta(days=8), store=store, server=server
        )
        command = [sys.executable, "-m", "monitor.cli", "run", str(landscape)]
        with subprocess.Popen(command, env={**os.environ, **variables(folder)}) as daemon:
            try:
                series = _wait_until_counted(port)
                rival = _plain(series)
                ours, plain = [], []
                for _ in range(SCRAPES):
                    time.sleep(APART_SECONDS)
                    plain.append(_on_the_wall(lambda: generate_latest(rival)))
                    ours.append(_on_the_wall(lambda: _scrape(port)))
            finally:
                daemon.terminate()
    in_time = sum(each * 1000 <= AT_ONCE_MS for each in ours)
    return Figure(
        "scrape over HTTP in gzip, against generate_latest of as many plain series",
        median(ours) / median(plain),
        "<= 1.0",
        f"{series:,} series; {median(ours) * 1000:.1f} ms on the wall, worst"
        f" {max(ours) * 1000:.1f}; {in_time} of {SCRAPES} within {AT_ONCE_MS:.0f} ms",
    )


def _wait_until_counted(port: int) -> int:
    """How many series there are once every deal was looked at and indicators were counted."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(1)
        try:
            lines = gzip.decompress(_scrape(port)).decode().splitlines()
        except urllib.error.URLError:
            continue
        if any(line.startswith("tieout_deals_matched_ratio{") for line in lines):
            return sum(not line.startswith("#") for line in lines)
    raise TimeoutError("the large estate was not looked at in time")


def _scrape(port: int) -> bytes:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/metrics", headers={"Accept": OPEN, "Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - loopback
        page: bytes = answer.read()
    return page


def _in_process() -> list[Figure]:
    """Seconds of processor time, medians of interleaved rounds."""
    metrics = _large()
    page, _ = metrics.expose(OPEN)
    series = sum(not line.startswith(b"#") for line in page.splitlines())
    rival = _plain(series)
    plain, whole, changed, again = [], [], [], []
    for number in range(ROUNDS):
        plain.append(_seconds(lambda: generate_latest(rival)))
        metrics.prepare(_names())
        whole.append(_seconds(lambda: metrics.expose(OPEN, compressed=True)))
        _look(metrics, number)
        changed.append(_seconds(lambda: metrics.expose(OPEN, compressed=True)))
        again.append(_seconds(lambda: metrics.expose(OPEN, compressed=True)))
    return [
        _figure("everything anew", whole, plain, "<= 2.5", f"{series:,} series"),
        _figure("after looks at all systems", changed, plain, "<= 0.75", "as between two scrapes"),
        _figure("nothing changed", again, plain, "<= 0.05", "a second scraper"),
    ]


def _figure(what: str, ours: list[float], plain: list[float], aim: str, detail: str) -> Figure:
    return Figure(
        f"scrape in gzip, {what}, against generate_latest of as many plain series",
        median(ours) / median(plain),
        aim,
        f"{detail}; {median(ours) * 1000:.1f} ms of the processor",
    )


def _names() -> KnownNames:
    systems = [f"system{number:02}" for number in range(SYSTEMS)]
    flows = [f"flow{number}" for number in range(FLOWS)]
    return KnownNames(
        systems=systems,
        streams=[StreamId(system, stream) for system in systems for stream in ("deal", "project")],
        flows=flows,
        channels=["sales", "finance", "integration"],
        watches=["drift", "odd-days"],
        hand_offs=[(flow, f"hop{number}") for flow in flows for number in range(HOPS)],
    )


def _large() -> Metrics:
    metrics = Metrics("bench")
    metrics.prepare(_names())
    kinds = ("missing", "late", "mismatch", "orphan", "duplicate", "policy")
    breaks: dict[LabelValues, float] = {
        (kind, system, "warning"): 1.0 for kind in kinds for system in _names().systems
    }
    metrics.replace(catalogue.BREAKS_OPEN, breaks, fill=False)
    _look(metrics, 0)
    return metrics


def _look(metrics: Metrics, number: int) -> None:
    """What changes between two scrapes: a look at each stream, and one cycle."""
    for system, stream in _names().streams:
        metrics.add(catalogue.RECORDS_SAMPLED, 1, source=system, stream=stream, outcome="new")
        metrics.set(catalogue.SOURCE_LAST_SUCCESS, number, source=system, stream=stream)
        metrics.observe(catalogue.SAMPLE_DURATION, 0.2, source=system)
        metrics.set(catalogue.SOURCE_UP, 1, source=system)
    metrics.observe(catalogue.CYCLE_DURATION, 0.1)


def _plain(series: int) -> CollectorRegistry:
    registry = CollectorRegistry()
    gauge = Gauge("plain", "Plain series.", ("source", "stream"), registry=registry)
    for number in range(series):
        gauge.labels(f"system{number % SYSTEMS:02}", f"stream{number}").set(number)
    return registry


def _on_the_wall(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
