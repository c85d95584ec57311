"""tieout's own work as traces, whose identities stand in the log lines too."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from monitor import jobs
from monitor.core.errors import Reason, Transient
from monitor.estate import Traces
from monitor.simulation import VirtualClock
from monitor.store.database import Database
from monitor.telemetry import tracer as tracing
from monitor.telemetry.tracer import Tracer
from tests.cycle.small_firm import START, SmallFirm
from tests.telemetry.collector import Collector, collecting
from tests.telemetry.test_deals import exporter_to


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def tracer(clock: VirtualClock) -> Tracer:
    return Tracer(clock, random.Random(1))


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as opened:
        yield opened


def test_what_is_done_within_is_part_of_what_is_done_around(
    tracer: Tracer, clock: VirtualClock
) -> None:
    with tracer.span("outer") as outer, tracer.span("inner"):
        clock.advance(timedelta(seconds=3))
        outer.attributes["deals"] = 7
    inner, around = tracer.drain()
    assert (inner.name, around.name) == ("inner", "outer")
    assert inner.parent_id == around.span_id
    assert inner.trace_id == around.trace_id
    assert around.end - around.start == timedelta(seconds=3)
    assert around.attributes == {"deals": 7}
    assert tracer.drain() == []


def test_each_job_is_a_trace_of_its_own(tracer: Tracer) -> None:
    for _ in range(2):
        with tracer.span("job"):
            pass
    first, second = tracer.drain()
    assert first.trace_id != second.trace_id
    assert first.parent_id == second.parent_id == b""


def test_a_failure_is_named_by_its_class_alone(tracer: Tracer) -> None:
    with pytest.raises(Transient), tracer.span("job"):
        raise Transient("canary-7f3a", reason=Reason.STORE)
    (span,) = tracer.drain()
    assert span.failure == "Transient"
    assert "canary" not in repr(span)


def test_log_lines_carry_the_identities_of_the_span_around_them(tracer: Tracer) -> None:
    log = structlog.get_logger()
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        with tracer.span("job") as opened:
            log.warning("within")
        log.warning("without")
    within, without = lines
    assert within["trace_id"] == opened.trace_id.hex()
    assert within["span_id"] == opened.span_id.hex()
    assert "trace_id" not in without


def test_spans_that_nobody_takes_are_bounded(tracer: Tracer) -> None:
    for number in range(tracing.MOST_KEPT + 10):
        with tracer.span(str(number)):
            pass
    kept = tracer.drain()
    assert len(kept) == tracing.MOST_KEPT
    assert kept[-1].name == str(tracing.MOST_KEPT + 9)


def test_spans_that_could_not_be_exported_come_before_later_ones(tracer: Tracer) -> None:
    with tracer.span("first"):
        pass
    spans = tracer.drain()
    with tracer.span("second"):
        pass
    tracer.restore(spans)
    assert [span.name for span in tracer.drain()] == ["first", "second"]


def test_cycles_arrive_at_the_collector_as_traces_of_tieout(
    sqlite_database: Database, collector: Collector
) -> None:
    firm = SmallFirm(sqlite_database)
    exporter = exporter_to(collector)
    estate = replace(firm.estate, traces=Traces(exporter, timedelta(0)))
    collector.answers.append(503)
    cycle = jobs.traced(jobs.settle_cycle, "")
    cycle(estate, firm.runtime)
    jobs.export_traces(estate, firm.runtime)
    cycle(estate, firm.runtime)
    jobs.export_traces(estate, firm.runtime)
    told = [(service, span.name) for service, span in collector.spans()]
    assert told == [("tieout", "settle_cycle")] * 2
    exporter.close()
