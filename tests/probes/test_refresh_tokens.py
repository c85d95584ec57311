"""A refresh token that changes with each use is kept before the new one is relied on."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason
from monitor.core.plugins import ProbeContext
from probes.engine.caller import Call, Caller
from probes.engine.http_system import HttpSystem, open_caller
from tests.probes.clocks import FakeTime
from tests.servers import Reply, Request, ScriptedServer

ROWS = Call("GET", "/rows")


class Rotating:
    """Takes each refresh token once, and gives the next."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, request: Request) -> Reply:
        form = {name: value[0] for name, value in parse_qs(request.body.decode()).items()}
        expected = {"grant_type": "refresh_token", "refresh_token": f"refresh-{self.number}"}
        if form != expected or not request.headers["authorization"].startswith("Basic "):
            return Reply({"error": "invalid_grant"}, status=400)
        self.number += 1
        return Reply({
            "access_token": f"access-{self.number}",
            "refresh_token": f"refresh-{self.number}",
            "expires_in": 3600,
        })  # fmt: skip


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer({"/rows": Reply([]), "/token": Rotating()}) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    kept = tmp_path / "refresh"
    kept.write_text("refresh-0\n", encoding="ascii")
    return kept


def opened(server: ScriptedServer, time: FakeTime, file: Path) -> Caller:
    auth: dict[str, Any] = {
        "kind": "oauth2_refresh",
        "token_url": "/token",
        "client_id": "tieout",
        "client_secret": "S",
        "refresh_token_file": str(file),
    }
    system = HttpSystem.model_validate({"base_url": server.url, "auth": auth})
    return open_caller(system, ProbeContext("erp", ENTITIES, time.clock, time.sleep))


def test_each_token_leads_to_the_next_and_a_new_start_goes_on(
    server: ScriptedServer, file: Path
) -> None:
    time = FakeTime()
    for _ in range(2):
        caller = opened(server, time, file)
        caller.call(ROWS, time.limit())
        time.advance(3601)
        caller.call(ROWS, time.limit())
        caller.close()
    sent = [request.headers["authorization"] for request in server.asked("/rows")]
    assert sent == [f"Bearer access-{number}" for number in range(1, 5)]
    assert file.read_text(encoding="ascii") == "refresh-4"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["refresh"]


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff"])
def test_no_token_in_the_file_is_told_as_a_matter_of_credentials(
    content: bytes | None, server: ScriptedServer, file: Path
) -> None:
    file.unlink() if content is None else file.write_bytes(content)
    time = FakeTime()
    caller = opened(server, time, file)
    with pytest.raises(Permanent, match="holds no refresh token") as refused:
        caller.call(ROWS, time.limit())
    caller.close()
    assert refused.value.reason is Reason.CREDENTIALS


def test_a_token_that_cannot_be_kept_is_told_and_never_shown(
    server: ScriptedServer, file: Path
) -> None:
    (file.parent / "refresh.new").mkdir()
    time = FakeTime()
    caller = opened(server, time, file)
    with pytest.raises(Permanent, match="cannot be kept in refresh") as refused:
        caller.call(ROWS, time.limit())
    caller.close()
    assert refused.value.reason is Reason.CREDENTIALS
    assert "refresh-1" not in str(refused.value)
