"""The jobs that the scheduler runs. Each is an edge: failures are caught here, once, and counted.

What fails is tried again at the job's next turn; what it left half done is repeatable.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from monitor import cycle, delivery, sampling, watch
from monitor.calls import CallLedger
from monitor.core import catalogue as shown
from monitor.core.breaks import Transition
from monitor.core.clock import Clock, stopwatch, system_clock
from monitor.core.errors import TieoutError
from monitor.core.incident_metrics import TEMPLATES_FAILED
from monitor.core.indicator_metrics import INDICATORS_LAST_SUCCESS
from monitor.core.metric_types import SampleOutcome
from monitor.core.metrics import Metrics
from monitor.core.model import StreamId
from monitor.core.ports import Probe
from monitor.correcting.exposing import show_corrections
from monitor.correcting.working import Turn, look_after, take_turn
from monitor.estate import Estate, Lookout, Source
from monitor.evidence_pack.signing import sign_new_head
from monitor.exposition import show_state
from monitor.heartbeat import Pulse, beat, is_well
from monitor.incidents.counting import SeenIncidents, show_incident_counts
from monitor.incidents.failing import note_deliveries
from monitor.incidents.showing import show_incidents
from monitor.indicators.arriving import Counted, show_arrivals
from monitor.indicators.exposing import expose_indicators
from monitor.indicators.measuring import measure
from monitor.indicators.remembering import IndicatorMemory
from monitor.preparation import prepare_flow, prepare_stream
from monitor.store.database import Database
from monitor.store.standing import StandingMemory
from monitor.telemetry.exporting import export_deals
from monitor.telemetry.tracer import Tracer

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Runtime:
    """What outlives a reload of the landscape."""

    database: Database
    metrics: Metrics
    clock: Clock
    calls: CallLedger
    pulse: Pulse = field(default_factory=Pulse)
    arrivals: Counted = field(default_factory=Counted)
    incidents: SeenIncidents = field(default_factory=SeenIncidents)
    indicators: IndicatorMemory = field(default_factory=IndicatorMemory)
    standing: StandingMemory = field(default_factory=StandingMemory)
    tracer: Tracer = field(default_factory=lambda: Tracer(system_clock, random.SystemRandom()))


def sample_stream(estate: Estate, runtime: Runtime, stream: StreamId) -> sampling.Look:
    """One look at one stream."""
    return _look(estate, runtime, stream, _sample_as_mapped)


def sweep_stream(estate: Estate, runtime: Runtime, stream: StreamId) -> sampling.Look:
    """One comparison of every id of one stream."""
    return _look(estate, runtime, stream, sampling.sweep)


def _sample_as_mapped(source: Source, database: Database, clock: Clock) -> sampling.Look:
    prepare_stream(source, database)
    return sampling.sample(source, database, clock)


def _look(
    estate: Estate,
    runtime: Runtime,
    stream: StreamId,
    look_at: Callable[..., sampling.Look],
) -> sampling.Look:
    source, metrics = estate.sources[stream], runtime.metrics
    elapsed = stopwatch()
    try:
        look = look_at(source, runtime.database, runtime.clock)
        _note_calls(stream.system, source.probe, runtime)
    except TieoutError as error:
        # A source's failure ends in the look; this is the store's.
        log.error("look cannot be stored", stream=str(stream), reason=error.reason)
        metrics.add(shown.SAMPLE_FAILURES, 1, source=stream.system, reason=error.reason)
        return sampling.Look(stream, sampling.Tally(), error.reason)
    labels = _labels(stream)
    metrics.observe(shown.SAMPLE_DURATION, elapsed(), source=stream.system)
    metrics.set(shown.SOURCE_UP, float(look.failure is None), source=stream.system)
    for outcome in SampleOutcome:
        rows = getattr(look.tally, outcome.value)
        metrics.add(shown.RECORDS_SAMPLED, rows, **labels, outcome=outcome)
    if look.failure is not None:
        metrics.add(shown.SAMPLE_FAILURES, 1, source=stream.system, reason=look.failure)
    return look


def _note_calls(system: str, probe: Probe, runtime: Runtime) -> None:
    """Write down at once what a job has spent: after a restart the day's calls are still spent."""
    made = runtime.calls.record(runtime.database, system, probe, runtime.clock())
    runtime.metrics.add(shown.CALLS, made, source=system)


def _labels(stream: StreamId) -> dict[str, str]:
    return {"source": stream.system, "stream": stream.stream}


def settle_cycle(estate: Estate, runtime: Runtime) -> cycle.Cycle | None:
    """One cycle over what changed; None where the store failed."""
    elapsed = stopwatch()
    try:
        for flow in estate.flows:
            prepare_flow(flow, runtime.database, runtime.clock())
        done = cycle.run_cycle(estate, runtime.database, runtime.clock)
        for system, probe in estate.probes.items():
            _note_calls(system, probe, runtime)  # to confirm suspicions
        if done.looked_at >= sampling.MANY_NEW:
            runtime.database.refresh_statistics()
    except TieoutError as error:
        log.error("cycle failed", reason=error.reason, error=str(error))
        return None
    runtime.pulse.last = runtime.clock()
    runtime.metrics.observe(shown.CYCLE_DURATION, elapsed())
    runtime.metrics.set(shown.CYCLE_LAST_SUCCESS, runtime.clock().timestamp())
    for step in done.transitions:
        runtime.metrics.add(shown.BREAK_TRANSITIONS, kind=step.kind)
    return done


def keep_watch(
    estate: Estate, runtime: Runtime, lookout: Lookout, *, at_once: bool = False
) -> tuple[Transition, ...] | None:
    """One look of a watch if it is time for it, or at once; None where the store failed."""
    database, clock = runtime.database, runtime.clock
    try:
        if not at_once and not watch.is_due(lookout, database, clock()):
            return ()
        steps = watch.keep_watch(lookout, estate, database, clock)
    except TieoutError as error:
        log.error("watch failed", watch=lookout.watch.name, reason=error.reason, error=str(error))
        return None
    for step in steps:
        runtime.metrics.add(shown.BREAK_TRANSITIONS, kind=step.kind)
    return steps


def correct(estate: Estate, runtime: Runtime) -> Turn | None:
    """One turn of the work on corrections; None where the store failed."""
    try:
        turn = take_turn(estate, runtime.database, runtime.clock)
        for system, probe in estate.probes.items():
            _note_calls(system, probe, runtime)
    except TieoutError as error:
        log.error("corrections failed", reason=error.reason, error=str(error))
        return None
    for flow, length in turn.repairs:
        runtime.metrics.observe(shown.REPAIR_DURATION, length.total_seconds(), flow=flow)
    return turn


def look_after_corrections(estate: Estate, runtime: Runtime) -> bool:
    """Find out what became of what was written; nothing is. False where the store failed."""
    try:
        look_after(estate, runtime.database, runtime.clock)
    except TieoutError as error:
        log.error("corrections not looked after", reason=error.reason, error=str(error))
        return False
    return True


def deliver_notices(estate: Estate, runtime: Runtime) -> tuple[delivery.Attempt, ...]:
    """Send the notices that are due, and bring every channel to how incidents stand."""
    try:
        attempts = delivery.deliver(estate.channels, runtime.database, runtime.clock)
        attempts += show_incidents(estate, runtime.database, runtime.clock)
        note_deliveries(estate, attempts, runtime.database, runtime.clock)
    except TieoutError as error:
        log.error("delivery failed", reason=error.reason, error=str(error))
        return ()
    for attempt in attempts:
        runtime.metrics.add(shown.NOTICES, channel=attempt.channel, outcome=attempt.outcome)
        for slot in attempt.unfit:
            runtime.metrics.add(TEMPLATES_FAILED, template=slot)
        if attempt.failure is not None:
            runtime.metrics.add(
                shown.DELIVERY_FAILURES, channel=attempt.channel, reason=attempt.failure
            )
    return attempts


def beat_heart(estate: Estate, runtime: Runtime) -> bool:
    """Say that tieout is alive, if its cycles end well; returns whether it was heard."""
    if estate.heartbeat is None:
        return False
    if not is_well(runtime.pulse.last, estate.every, runtime.clock()):
        log.warning("no cycle ended well lately; the heart does not beat")
        return False
    return beat(estate.heartbeat.url)


def sign_audit_log(estate: Estate, runtime: Runtime) -> None:
    """Sign what came to the audit log, and hold the signed head elsewhere too."""
    if estate.evidence is None:
        return
    try:
        sign_new_head(estate.evidence, runtime.database, runtime.clock())
    except TieoutError as error:
        log.error("audit log not signed", reason=error.reason, error=str(error))


def refresh_metrics(estate: Estate, runtime: Runtime) -> None:
    """Bring the gauges to what the store says."""
    try:
        show_state(estate, runtime.database, runtime.metrics, runtime.clock())
        with runtime.database.read() as connection:
            # So that whoever opens the page next finds them counted.
            runtime.standing.recall(connection)
        show_corrections(estate, runtime.database, runtime.metrics, runtime.clock())
        show_incident_counts(
            estate, runtime.database, runtime.metrics, runtime.incidents, runtime.clock()
        )
    except TieoutError as error:
        log.error("metrics not refreshed", reason=error.reason, error=str(error))


def count_indicators(estate: Estate, runtime: Runtime) -> None:
    """Measure what changed, and bring the indicators' gauges to it."""
    try:
        measure(estate, runtime.database)
        now = runtime.clock()
        show_arrivals(estate, runtime.database, runtime.metrics, runtime.arrivals, now)
        told = runtime.indicators.count(estate, runtime.database, now)
        expose_indicators(told.flows, runtime.metrics)
    except TieoutError as error:
        log.error("indicators not counted", reason=error.reason, error=str(error))
        return
    runtime.metrics.set(INDICATORS_LAST_SUCCESS, now.timestamp())


def export_traces(estate: Estate, runtime: Runtime) -> None:
    """Export each deal that was closed since the last time, and what tieout itself did."""
    if estate.traces is None:
        return
    exporter, now = estate.traces.exporter, runtime.clock()
    own = runtime.tracer.drain()
    try:
        if own:
            exporter.export(own)
            own = []
        measure(estate, runtime.database)
        export_deals(estate, exporter, estate.traces.quiet, runtime.database, now)
    except TieoutError as error:
        log.error("traces not exported", reason=error.reason, error=str(error))
        runtime.tracer.restore(own)


def traced(job: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The job as a trace of its own; its log lines carry the trace's identities.

    Args:
        job: one of those above.
        name: what it is about, a name of the landscape.
    """

    def run(estate: Estate, runtime: Runtime, *arguments: Any) -> Any:
        with runtime.tracer.span(job.__name__, **({"tieout.about": name} if name else {})):
            return job(estate, runtime, *arguments)

    return run


TRACED = frozenset({sample_stream, sweep_stream, settle_cycle, keep_watch, count_indicators})
"""Jobs that do enough to be told of; the others run every few seconds and mostly do nothing."""
