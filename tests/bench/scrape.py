"""What a scrape costs: 50 systems and 500 rules, against the library's writer of plain series."""

import time
from collections.abc import Callable
from statistics import median

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from monitor.core import catalogue
from monitor.core.metrics import KnownNames, LabelValues, Metrics
from monitor.core.model import StreamId
from tests.bench.measure import Figure

SYSTEMS, FLOWS, HOPS = 50, 5, 9
ROUNDS = 15
OPEN = "application/openmetrics-text; version=1.0.0"


def run() -> list[Figure]:
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


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
