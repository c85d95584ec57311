"""The running estate, once for the whole run."""

from collections.abc import Generator, Iterator

import pytest

from tests.e2e.estate import RunningEstate, running_estate


@pytest.fixture(scope="session")
def estate() -> Iterator[RunningEstate]:
    """Real systems with planted faults; fails, and never skips, where a program is missing."""
    with running_estate() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test skipped here proves nothing about real systems: it fails."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
    return report
