"""Who asks is said in each system's own way, and to nobody else."""

import base64
import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import structlog

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.plugins import ProbeContext
from probes.engine.caller import Call, Caller
from probes.engine.http_system import HttpSystem, open_caller
from tests.probes.clocks import FakeTime
from tests.servers import Fault, Reply, Request, ScriptedServer

CANARY = "canary-93bd07"
ROWS = Call("GET", "/rows")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer({"/rows": Reply({"items": []})}) as running:
        yield running


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def caller(server: ScriptedServer, time: FakeTime, auth: dict[str, Any]) -> Caller:
    system = HttpSystem.model_validate({"base_url": server.url, "auth": auth})
    return open_caller(system, ProbeContext("crm", ENTITIES, time.clock, time.sleep))


@pytest.mark.parametrize(
    ("auth", "header", "sent"),
    [
        ({"kind": "bearer", "token": "T"}, "authorization", "Bearer T"),
        ({"kind": "bearer", "token": "K:S", "scheme": "token"}, "authorization", "token K:S"),
        ({"kind": "api_key", "name": "X-Key", "key": "T"}, "x-key", "T"),
        (
            {"kind": "basic", "username": "ada", "password": "pässword:"},
            "authorization",
            "Basic " + base64.b64encode("ada:pässword:".encode()).decode(),
        ),
    ],
)
def test_a_fixed_credential_goes_with_each_call(
    server: ScriptedServer, time: FakeTime, auth: dict[str, Any], header: str, sent: str
) -> None:
    opened = caller(server, time, auth)
    opened.call(ROWS, time.limit())
    opened.close()
    assert server.requests[0].headers[header] == sent


def test_a_key_can_go_into_the_query(server: ScriptedServer, time: FakeTime) -> None:
    opened = caller(server, time, {"kind": "api_key", "name": "key", "key": "T", "in": "query"})
    opened.call(Call("GET", "/rows?page=2", params=[("size", "5")]), time.limit())
    opened.close()
    assert server.requests[0].query == {"page": ["2"], "size": ["5"], "key": ["T"]}


class TokenServer:
    """Gives out numbered tokens, and takes only the newest."""

    def __init__(self, server: ScriptedServer, path: str, answer: dict[str, Any]) -> None:
        self.given = 0
        self._answer = answer
        server.scripts[path] = self.give
        server.scripts["/rows"] = self.serve

    def give(self, request: Request) -> Reply:
        self.given += 1
        return Reply(json.loads(json.dumps(self._answer).replace("TOKEN", f"t{self.given}")))

    def serve(self, request: Request) -> Reply:
        is_newest = request.headers.get("authorization") == f"Bearer t{self.given}"
        return Reply({"items": []}, status=200 if is_newest else 401)


OAUTH = {
    "kind": "oauth2_client_credentials",
    "client_id": "tieout",
    "client_secret": "S",
    "scope": "read",
    "parameters": {"audience": "api"},
}


def test_a_token_is_obtained_once_and_used_until_it_expires(
    server: ScriptedServer, time: FakeTime
) -> None:
    tokens = TokenServer(server, "/token", {"access_token": "TOKEN", "expires_in": 3600})
    opened = caller(server, time, {**OAUTH, "token_url": f"{server.url}/token"})
    opened.call(ROWS, time.limit())
    time.advance(3500)
    opened.call(ROWS, time.limit())
    assert tokens.given == 1
    time.advance(80)
    opened.call(ROWS, time.limit())
    assert tokens.given == 2
    opened.close()
    request = server.asked("/token")[0]
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"tieout:S").decode()
    assert request.body == b"grant_type=client_credentials&audience=api&scope=read"


def test_a_client_may_name_itself_in_the_form(server: ScriptedServer, time: FakeTime) -> None:
    TokenServer(server, "/token", {"access_token": "TOKEN"})
    opened = caller(server, time, {**OAUTH, "token_url": f"{server.url}/token", "send": "form"})
    opened.call(ROWS, time.limit())
    opened.close()
    request = server.asked("/token")[0]
    assert "authorization" not in request.headers
    assert b"client_id=tieout&client_secret=S" in request.body


def test_a_token_server_elsewhere_gets_its_own_connection(
    server: ScriptedServer, time: FakeTime
) -> None:
    with ScriptedServer({"/t": Reply({"access_token": "T", "expires_in": "60"})}) as other:
        opened = caller(server, time, {**OAUTH, "token_url": f"{other.url}/t"})
        opened.call(ROWS, time.limit())
        opened.close()
        assert len(other.requests) == 1
    assert server.requests[0].headers["authorization"] == "Bearer T"


def test_a_refused_token_is_renewed_once_and_the_call_made_again(
    server: ScriptedServer, time: FakeTime
) -> None:
    tokens = TokenServer(server, "/token", {"access_token": "TOKEN"})
    opened = caller(server, time, {**OAUTH, "token_url": f"{server.url}/token"})
    opened.call(ROWS, time.limit())
    tokens.given += 1
    assert opened.call(ROWS, time.limit()).status == 200
    opened.close()
    assert len(server.asked("/token")) == 2


def test_credentials_that_stay_refused_are_permanent(
    server: ScriptedServer, time: FakeTime
) -> None:
    TokenServer(server, "/token", {"access_token": "TOKEN"})
    server.scripts["/rows"] = Reply(status=401)
    opened = caller(server, time, {**OAUTH, "token_url": f"{server.url}/token"})
    with pytest.raises(Permanent) as caught:
        opened.call(ROWS, time.limit())
    opened.close()
    assert caught.value.reason is Reason.CREDENTIALS
    assert len(server.asked("/rows")) == 2


def test_many_threads_share_one_login(server: ScriptedServer, time: FakeTime) -> None:
    tokens = TokenServer(server, "/token", {"access_token": "TOKEN"})
    opened = caller(server, time, {**OAUTH, "token_url": f"{server.url}/token"})
    threads = [Thread(target=opened.call, args=(ROWS, time.limit())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened.close()
    assert tokens.given == 1
    assert len(server.asked("/rows")) == 5


LOGIN = {
    "kind": "login",
    "url": "/login",
    "body": {"user": "ada"},
    "secrets": {"password": "P"},
    "token": "session.id",
}


def test_a_login_trades_a_password_for_a_token(server: ScriptedServer, time: FakeTime) -> None:
    tokens = TokenServer(server, "/login", {"session": {"id": "TOKEN"}})
    opened = caller(server, time, {**LOGIN, "lifetime": "10m"})
    opened.call(ROWS, time.limit())
    time.advance(601)
    opened.call(ROWS, time.limit())
    opened.close()
    assert tokens.given == 2
    assert server.asked("/login")[0].json == {"user": "ada", "password": "P"}


def test_a_login_can_be_a_form_with_a_header_of_its_own(
    server: ScriptedServer, time: FakeTime
) -> None:
    server.scripts["/login"] = Reply({"session": {"id": "T"}})
    auth = {**LOGIN, "encoding": "form", "header": "X-Session", "scheme": ""}
    opened = caller(server, time, auth)
    opened.call(ROWS, time.limit())
    opened.close()
    assert server.asked("/login")[0].body == b"user=ada&password=P"
    assert server.asked("/rows")[0].headers["x-session"] == "T"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_login_is_not_tried_again(
    server: ScriptedServer, time: FakeTime, status: int
) -> None:
    server.scripts["/login"] = Reply(status=status)
    opened = caller(server, time, LOGIN)
    with pytest.raises(Permanent) as caught:
        opened.call(ROWS, time.limit())
    opened.close()
    assert caught.value.reason is Reason.CREDENTIALS
    assert len(server.requests) == 1


def test_a_login_server_that_stumbles_is_asked_again(
    server: ScriptedServer, time: FakeTime
) -> None:
    server.scripts["/login"] = [Reply(status=503), Reply({"session": {"id": "T"}})]
    opened = caller(server, time, LOGIN)
    assert opened.call(ROWS, time.limit()).status == 200
    opened.close()
    assert opened.budget.made == 3


def test_a_login_without_a_token_is_permanent(server: ScriptedServer, time: FakeTime) -> None:
    server.scripts["/login"] = Reply({"session": {}})
    opened = caller(server, time, LOGIN)
    with pytest.raises(Permanent) as caught:
        opened.call(ROWS, time.limit())
    opened.close()
    assert caught.value.reason is Reason.CREDENTIALS


AUTHS: list[dict[str, Any]] = [
    {"kind": "basic", "username": "ada", "password": CANARY},
    {"kind": "bearer", "token": CANARY},
    {"kind": "api_key", "name": "key", "key": CANARY, "in": "query"},
    {"kind": "api_key", "name": "X-Key", "key": CANARY},
    {**OAUTH, "token_url": "/token", "client_secret": CANARY},
    {**OAUTH, "token_url": "/token", "client_secret": CANARY, "send": "form"},
    {**LOGIN, "url": "/token", "secrets": {"password": CANARY}},
]


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize(
    "trouble",
    [Reply(status=403), Reply(status=401), Reply(fault=Fault.DROPPED), Reply({}, fault=Fault.CUT)],
)
def test_a_secret_never_shows(
    server: ScriptedServer, time: FakeTime, auth: dict[str, Any], trouble: Reply
) -> None:
    server.scripts["/rows"] = trouble
    server.scripts["/token"] = Reply(
        {"access_token": f"token-{CANARY}", "session": {"id": f"token-{CANARY}"}}
    )
    system = HttpSystem.model_validate({"base_url": server.url, "auth": auth})
    opened = open_caller(system, ProbeContext("crm", ENTITIES, time.clock, time.sleep))
    with structlog.testing.capture_logs() as logs, pytest.raises(TieoutError) as caught:
        opened.call(ROWS, time.limit())
    opened.close()
    assert isinstance(caught.value, Transient | Permanent)
    shown = f"{caught.value!r} {caught.value.__context__!r} {logs} {system!r} {system}"
    assert CANARY not in shown + system.model_dump_json()
