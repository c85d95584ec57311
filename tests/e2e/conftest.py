"""The running estate, once for the whole run."""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.e2e.deals import Deal, Fault
from tests.e2e.estate import Outcome, RunningEstate, running_estate


@pytest.fixture(scope="session")
def estate() -> Iterator[RunningEstate]:
    """Real systems with planted faults; fails, and never skips, where a program is missing."""
    with running_estate() as running:
        yield running


@pytest.fixture(scope="session")
def first_look(
    estate: RunningEstate, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Outcome, Path]:
    """What the first look at the estate says, and the store that it leaves behind."""
    file = tmp_path_factory.mktemp("first-look") / "tieout.db"
    return estate.once(f"sqlite:///{file}"), file


@pytest.fixture
def looked(first_look: tuple[Outcome, Path], tmp_path: Path) -> str:
    """A store that has looked at the estate once; each test gets a copy of its own."""
    _, file = first_look
    for part in file.parent.iterdir():
        shutil.copy(part, tmp_path)
    return f"sqlite:///{tmp_path / file.name}"


@pytest.fixture
def wrong(estate: RunningEstate) -> Deal:
    """A deal whose amount the ERP has wrong."""
    return estate.plan.with_fault(Fault.WRONG_AMOUNT)[0]


@pytest.fixture
def sound(estate: RunningEstate) -> Deal:
    """A deal in order whose sale may still be changed: a quotation."""
    return next(deal for deal in estate.plan.with_fault(None) if deal.is_quoted)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs whatever needs the estate; modules that do not may run in another."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            needs = getattr(item, "fixturenames", ())
            group = "estate" if "estate" in needs else item.path.stem
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test skipped here proves nothing about real systems: it fails."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
    return report
