"""Each stand-in is read by a client library of its vendor or community, as it comes.

What they find is the whole of what the stand-in holds: so the stand-in speaks the protocol as these
clients understand it. That tieout reads the same stand-ins is in `tests/vendors`.
"""

from pathlib import Path

import pytest

from tests.e2e.environments import install
from tests.e2e.processes import run
from tests.vendors.clients.table import CLIENTS
from tests.vendors.table import VENDORS
from tests.vendors.vendor import CANARY, row

pytestmark = pytest.mark.e2e
LOCK = Path(__file__).with_name("requirements-vendors.lock")


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_an_unmodified_client_reads_every_row(name: str) -> None:
    python = install(LOCK) / "python"
    with VENDORS[name]() as vendor:
        vendor.put([row(number) for number in range(1, 26)])
        script = f"tests.vendors.clients.{name}"
        printed = run([python, "-m", script, vendor.server.url, CANARY])
    assert set(printed.split()) == {vendor.native_id(number) for number in range(1, 26)}
