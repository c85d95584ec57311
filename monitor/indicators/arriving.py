"""Arriving: each hand-off that is seen to arrive, counted once; its deal's trace is the example."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.core import indicator_metrics as shown
from monitor.core.metric_types import Punctuality
from monitor.core.metrics import Metrics
from monitor.core.telemetry import trace_id_of
from monitor.estate import Estate
from monitor.store.database import Database
from monitor.store.measures import Arrival, load_arrivals

RECENT = timedelta(days=1)
"""What arrived longer ago and is seen only now is history, and no event."""

Identity = tuple[str, str, str]
"""Deal, hand-off and pair."""


@dataclass(slots=True)
class Counted:
    """Which of the recent arrivals this process has counted, by flow; it forgets what is older."""

    by_flow: dict[str, frozenset[Identity]] = field(default_factory=dict)


def show_arrivals(
    estate: Estate, database: Database, metrics: Metrics, counted: Counted, now: datetime
) -> None:
    """Count what has arrived since the last time, and how long each took.

    What had arrived before a process began is not counted by it: the process before it did.

    Args:
        estate: the landscape made ready.
        database: the store; `measure` brings it up to date.
        metrics: where it is shown.
        counted: what was counted; brought up to date.
        now: the present.

    Raises:
        Transient, Permanent: the store failed.
    """
    measured = [flow.name for flow in estate.flows if flow.indicators is not None]
    with database.read() as connection:
        recent = {flow: load_arrivals(connection, flow, now - RECENT) for flow in measured}
    for flow, arrivals in recent.items():
        if (before := counted.by_flow.get(flow)) is not None:
            _show(flow, (each for each in arrivals if _identity(each) not in before), metrics)
        counted.by_flow[flow] = frozenset(map(_identity, arrivals))


def _show(flow: str, arrivals: Iterable[Arrival], metrics: Metrics) -> None:
    for each in arrivals:
        is_late = each.arrived_at > each.due_at
        outcome = Punctuality.LATE if is_late else Punctuality.IN_TIME
        metrics.add(shown.HAND_OFFS_ARRIVED, flow=flow, hop=each.hop, outcome=outcome)
        metrics.observe(
            shown.HAND_OFF_DURATION,
            max(each.arrived_at - each.started_at, timedelta(0)).total_seconds(),
            trace_id=trace_id_of(flow, each.transaction).hex(),
            flow=flow,
            hop=each.hop,
        )


def _identity(arrival: Arrival) -> Identity:
    return arrival.transaction, arrival.hop, arrival.pair
