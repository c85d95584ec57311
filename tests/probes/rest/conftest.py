from collections.abc import Iterator

import pytest

from tests.probes.rest.scene import Probes
from tests.servers import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def probes(server: ScriptedServer) -> Iterator[Probes]:
    opened = Probes(server)
    yield opened
    opened.close()
