"""What indicators cost: a look at everything, at a hundred changed deals, and the counting."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from monitor.core.indicators import ByHandSettings, IndicatorPlan, Step
from monitor.cycle import run_cycle
from monitor.estate import Estate
from monitor.indicators.compute import compute_indicators
from monitor.indicators.measuring import measure
from reconcilers.hand_off import HandOff
from tests.bench.cycle import estate_of, look_done, record_of, write_rows
from tests.bench.measure import Figure
from tests.cycle.small_firm import OPPORTUNITY, PROJECT

DEALS, CHANGED = 100_000, 100


def run(deals: int = DEALS) -> list[Figure]:
    """Seconds over an estate of so many deals on SQLite, spread over 300 days."""
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        firm = estate_of(f"sqlite:///{folder}/store.db", deals * 2)
        estate, database = _measured(firm.estate), firm.database
        everything = _seconds(lambda: measure(estate, database))
        firm.later(minutes=1)
        look_done(firm)
        for stream in (OPPORTUNITY, PROJECT):
            write_rows(
                database, stream, [record_of(stream, each, "7.00") for each in range(CHANGED)]
            )
        run_cycle(firm.estate, database, firm.clock)
        changed = _seconds(lambda: measure(estate, database))
        counted = _seconds(lambda: compute_indicators(estate, database, firm.clock()))
        database.close()
    return [
        Figure(f"indicators: {deals:,} deals measured", everything, "", "seconds, once"),
        Figure(f"indicators: {CHANGED} changed of them", changed, "<= 2.0", "seconds"),
        Figure("indicators: counted over 30 days", counted, "<= 1.0", "seconds, each time"),
    ]


def _measured(estate: Estate) -> Estate:
    """With everything that can be counted in this firm."""
    (flow,) = estate.flows
    rule = flow.rules[0]
    if not isinstance(rule, HandOff):
        raise TypeError("the firm's first rule is its hand-off")
    step = Step(
        rule.name, OPPORTUNITY, PROJECT, "closed_at", None, rule.expectations, rule.add_time
    )
    plan = IndicatorPlan(
        steps=(step,),
        set_up=(rule.name,),
        billing=frozenset({PROJECT}),
        unique=frozenset({PROJECT}),
        slices={},
        value=(OPPORTUNITY, "amount", "currency"),
        most=10,
        by_hand=ByHandSettings(),
        period=timedelta(days=30),
        digest="bench",
    )
    return replace(estate, flows=(replace(flow, indicators=plan),))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
