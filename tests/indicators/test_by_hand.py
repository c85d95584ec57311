"""What tieout computes is what somebody counts by hand from the firm's own books."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.indicators.compute import compute_indicators
from monitor.indicators.figures import (
    ALL,
    Amounts,
    Figure,
    FlowIndicators,
    Period,
    Quantiles,
    Saving,
    Share,
    Times,
)
from monitor.indicators.measuring import measure
from monitor.simulation.ledger import FaultKind
from monitor.store.database import Database
from tests.firm.watching import Watch, watched
from tests.indicators.by_hand import Books, Told

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


def compute(watch: Watch, period: Period) -> FlowIndicators:
    database = watch.runtime.database
    measure(watch.estate, database)
    (told,) = compute_indicators(watch.estate, database, watch.firm.clock(), period)
    return told


def as_told(figures: Any) -> Told:
    return {(figure.indicator.value, figure.part): _plain(figure) for figure in figures}


def _plain(figure: Figure) -> Any:
    match figure.value:
        case Share(part, whole, unknown):
            return part, whole, unknown
        case Times(count, plain, working):
            return count, _ranks(plain), _ranks(working)
        case Amounts(count, sums, unknown):
            return count, dict(sums), unknown
        case Saving(time, checks, investigations):
            return time, checks, investigations


def _ranks(quantiles: Quantiles | None) -> Any:
    if quantiles is None:
        return None
    return quantiles.p50, quantiles.p90, quantiles.p99, quantiles.longest


def live(watch: Watch) -> list[datetime]:
    """A month in which faults come and go; the instants at which tieout looked."""
    looks = []

    def look(later: timedelta) -> None:
        watch.firm.advance(later)
        watch.look()
        looks.append(watch.firm.clock())

    look(timedelta(0))
    planted = [watch.firm.plant(kind) for kind in FaultKind]
    look(timedelta(minutes=5))
    for entry in planted[::2]:
        watch.firm.repair(entry)
    look(timedelta(hours=7, minutes=13))
    for entry in watch.firm.ledger()[:20:3]:
        watch.firm.repair(entry)
    look(timedelta(days=9))
    return looks


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_indicators_are_what_the_firms_own_books_say(sqlite_database: Database, seed: int) -> None:
    with watched(sqlite_database, seed=seed, deals=90) as watch:
        looks = live(watch)
        now = looks[-1]
        for since in (now - timedelta(days=30), LONG_AGO):
            period = Period(since, now + timedelta.resolution)
            told = as_told(compute(watch, period).cuts[ALL])
            counted = Books(watch.firm, looks, *period).told()
            assert told == counted
        assert told["recovery_time", ""][0] >= 5
        assert told["touchless", ""][0] < told["touchless", ""][1]
