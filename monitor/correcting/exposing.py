"""Expose: the gauges of corrections, rendered from stored rows, whoever changed them."""

from datetime import datetime

from monitor.core import catalogue as shown
from monitor.core.breakers import BreakerState
from monitor.core.corrections import CorrectionState
from monitor.core.metric_types import CorrectionOutcome
from monitor.core.metrics import Metrics
from monitor.estate import Estate
from monitor.store.breakers import load_breaker
from monitor.store.corrections import count_by_state, count_ended
from monitor.store.database import Database
from monitor.store.halts import load_halt
from monitor.store.plans import count_plans
from monitor.store.refusals import count_refused


def show_corrections(estate: Estate, database: Database, metrics: Metrics, now: datetime) -> None:
    """Bring every gauge of corrections to what the store says.

    Raises:
        Transient, Permanent: the store failed; some gauges may be new and others old.
    """
    settings = estate.corrections.breaker
    with database.read() as connection:
        plans = count_plans(connection)
        corrections = count_by_state(connection)
        ended = count_ended(connection, [CorrectionState(each.value) for each in CorrectionOutcome])
        refused = count_refused(connection)
        halted = load_halt(connection) is not None
        open_ = {
            system: load_breaker(connection, system).state(settings, now) is BreakerState.OPEN
            for system in estate.probes
        }
    metrics.replace(shown.PLANS, {(state,): float(n) for state, n in plans.items()})
    metrics.replace(shown.CORRECTIONS, {(state,): float(n) for state, n in corrections.items()})
    for outcome in CorrectionOutcome:
        count = ended.get(CorrectionState(outcome.value), 0)
        metrics.follow(shown.CORRECTIONS_ENDED, float(count), outcome=outcome)
    metrics.replace(shown.CORRECTIONS_REFUSED, {(each,): float(n) for each, n in refused.items()})
    metrics.set(shown.CORRECTIONS_HALTED, float(halted))
    for system, is_open in open_.items():
        metrics.set(shown.BREAKER_OPEN, float(is_open), source=system)
