"""The running estate, once for the whole run."""

from collections.abc import Iterator

import pytest

from tests.e2e.estate import RunningEstate, running_estate


@pytest.fixture(scope="session")
def estate() -> Iterator[RunningEstate]:
    """Real systems with planted faults; fails, and never skips, where a program is missing."""
    with running_estate() as running:
        yield running
