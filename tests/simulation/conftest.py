"""Firms to test against, each with a clock that stands still."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from monitor.simulation import SimulatedFirm, VirtualClock

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

StartFirm = Callable[..., SimulatedFirm]


@pytest.fixture(scope="module")
def calm_firm() -> Iterator[SimulatedFirm]:
    """A firm that no test of the module changes."""
    with SimulatedFirm(1, 100, VirtualClock(NEW_YEAR)) as firm:
        yield firm


@pytest.fixture
def start_firm() -> Iterator[StartFirm]:
    with ExitStack() as running:

        def start(seed: int = 1, deals: int = 60, faults: int | None = None) -> SimulatedFirm:
            firm = SimulatedFirm(seed, deals, VirtualClock(NEW_YEAR), faults)
            return running.enter_context(firm)

        yield start
