"""Every test about a vendor runs for every vendor but those that say why it is not for them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.core.ports import Probe
from tests.probes.clocks import FakeTime
from tests.vendors.reading import open_probe
from tests.vendors.table import VENDORS
from tests.vendors.vendor import NOON, Vendor


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vendor" in metafunc.fixturenames:
        case = metafunc.function.__name__
        names = [name for name in sorted(VENDORS) if case not in VENDORS[name].exempt]
        metafunc.parametrize("vendor", names, indirect=True)


@pytest.fixture
def vendor(request: pytest.FixtureRequest) -> Iterator[Vendor]:
    with VENDORS[request.param]() as running:
        yield running


@pytest.fixture
def time() -> FakeTime:
    return FakeTime(NOON + timedelta(days=1))


@pytest.fixture
def probe(vendor: Vendor, time: FakeTime) -> Iterator[Probe]:
    opened = open_probe(vendor, time)
    yield opened
    opened.close()
