"""Expose: gauges rendered from stored rows, so that a restart shows what was there before."""

from collections.abc import Mapping
from datetime import datetime

from monitor.core import catalogue as shown
from monitor.core.breaks import HEARD_STATES, BreakState, Severity
from monitor.core.metrics import KnownNames, LabelValues, Metrics
from monitor.core.model import StreamId
from monitor.core.transactions import shown_counts
from monitor.estate import Estate
from monitor.sight import see
from monitor.store import breaks, outbox, quarantine, streams, touches, transactions
from monitor.store.database import Database
from monitor.store.outbox import OutboxState
from monitor.store.sizes import size_of_store
from monitor.store.watching import load_watching


def show_state(estate: Estate, database: Database, metrics: Metrics, now: datetime) -> None:
    """Bring every gauge to what the store says.

    Raises:
        Transient, Permanent: the store failed; some gauges may be new and others old.
    """
    sight = see(estate, database, now)
    with database.read() as connection:
        for stream in estate.sources:
            state = streams.load_stream_state(connection, stream)
            if state.last_success_at is not None:
                seconds = state.last_success_at.timestamp()
                metrics.set(shown.SOURCE_LAST_SUCCESS, seconds, **_labels(stream))
            metrics.set(shown.SOURCE_BLIND, float(stream in sight.blind), **_labels(stream))
            every = estate.sources[stream].settings.every.total_seconds()
            metrics.set(shown.SOURCE_INTERVAL, every, **_labels(stream))
        statuses: dict[tuple[str, ...], float] = {
            (flow.name, status.value): float(count)
            for flow in estate.flows
            for status, count in shown_counts(
                transactions.count_by_status(connection, flow.name),
                is_blind=bool(flow.needs & sight.blind.keys()),
            ).items()
        }
        for lookout in estate.lookouts:
            name = lookout.watch.name
            metrics.set(shown.WATCH_INTERVAL, lookout.every.total_seconds(), watch=name)
            if (watching := load_watching(connection, name)) is not None:
                metrics.set(shown.WATCH_LAST_SUCCESS, watching.looked_at.timestamp(), watch=name)
        standing = breaks.open_counts(connection, HEARD_STATES)
        suppressed = breaks.open_counts(connection, {BreakState.SUPPRESSED})
        risk = breaks.value_at_risk(connection, HEARD_STATES)
        oldest_breaks = breaks.oldest_by_severity(connection, HEARD_STATES)
        depths = outbox.depths(connection)
        oldest_notices = outbox.oldest_by_state(connection)
        size = size_of_store(connection)
        waiting = touches.count_touched(connection)
        aside = quarantine.depths(connection)
    metrics.replace(shown.TRANSACTIONS, statuses)
    metrics.replace(
        shown.BREAKS_OPEN,
        dict.fromkeys(possible_breaks(estate), 0.0)
        | {(kind, system, severity): float(n) for (kind, system, severity), n in standing.items()},
        fill=False,  # most kinds cannot be found in most systems
    )
    metrics.replace(
        shown.BREAKS_SUPPRESSED,
        {(kind, system, severity): float(n) for (kind, system, severity), n in suppressed.items()},
        fill=False,  # few are ever ignored: zeros for the others would be a third of the page
    )
    metrics.replace(shown.VALUE_AT_RISK, {(code,): float(sum_) for code, sum_ in risk.items()})
    metrics.replace(shown.OUTBOX_DEPTH, {(state,): float(n) for state, n in depths.items()})
    metrics.replace(shown.OLDEST_BREAK, _stamps(oldest_breaks), fill=False)
    metrics.replace(shown.OLDEST_NOTICE, _stamps(oldest_notices), fill=False)
    metrics.set(shown.STORE_SIZE, float(size.taken))
    if size.free is not None:
        metrics.set(shown.STORE_FREE, float(size.free))
    metrics.set(shown.CYCLE_INTERVAL, estate.every.total_seconds())
    metrics.set(shown.TOUCHED_DEPTH, float(waiting))
    metrics.replace(
        shown.QUARANTINE_DEPTH, {tuple(stream): float(n) for stream, n in aside.items()}
    )
    for system, probe in estate.probes.items():
        for budget, left in probe.calls_remaining().items():
            metrics.set(shown.CALLS_REMAINING, left, source=system, budget=budget)


def known_names(estate: Estate) -> KnownNames:
    """The landscape's names, which alone become labels."""
    return KnownNames(
        systems=tuple(estate.probes),
        streams=tuple(estate.sources),
        flows=tuple(flow.name for flow in estate.flows),
        channels=tuple(estate.channels),
        watches=tuple(lookout.watch.name for lookout in estate.lookouts),
        hand_offs=tuple((flow.name, step.name) for flow in estate.flows for step in flow.hand_offs),
    )


def possible_breaks(estate: Estate) -> frozenset[LabelValues]:
    """Kind, system and severity of what the landscape's rules and watches can find at all."""
    checks = [
        (check.settings, check.watch.needs) for check in estate.lookouts if check.settings
    ] + [
        (flow.settings[rule.name], rule.needs)
        for flow in estate.flows
        for rule in flow.rules
        if rule.name in flow.settings
    ]
    return frozenset(
        (kind.value, system, settings.severity.value)
        for settings, needs in checks
        for system in {stream.system for stream in needs}
        for kind in settings.finds
    )


def _labels(stream: StreamId) -> dict[str, str]:
    return {"source": stream.system, "stream": stream.stream}


def _stamps(
    instants: Mapping[Severity, datetime] | Mapping[OutboxState, datetime],
) -> dict[LabelValues, float]:
    return {(each.value,): at.timestamp() for each, at in instants.items()}
