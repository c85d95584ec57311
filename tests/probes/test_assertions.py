"""A statement signed with a private key is traded for a token; the key stays here."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason
from monitor.core.plugins import ProbeContext
from probes.engine.caller import Call
from probes.engine.http_system import HttpSystem, open_caller
from tests.probes.clocks import NOON, FakeTime
from tests.servers import Reply, Request, ScriptedServer

ROWS = Call("GET", "/rows")
OAUTH = "urn:ietf:params:oauth"


class TokenServer:
    """Gives a token for a statement that its public key confirms."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._is_curve = algorithm.startswith("ES")
        key = (
            ec.generate_private_key(ec.SECP256R1())
            if self._is_curve
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )
        self.private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._public = (ECKey if self._is_curve else RSAKey).import_key(public)
        self.form: dict[str, str] = {}
        self.token: Any = None

    def __call__(self, request: Request) -> Reply:
        self.form = {name: value[0] for name, value in parse_qs(request.body.decode()).items()}
        statement = self.form.get("assertion") or self.form["client_assertion"]
        self.token = jwt.decode(statement, self._public, algorithms=[self.algorithm])
        return Reply({"access_token": "T", "expires_in": 300})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer({"/rows": Reply({"items": []})}) as running:
        yield running


def call(server: ScriptedServer, auth: dict[str, Any]) -> None:
    whole = {"kind": "oauth2_jwt", "token_url": "/token", "client_id": "C", "audience": "A", **auth}
    system = HttpSystem.model_validate({"base_url": server.url, "auth": whole})
    time = FakeTime()
    opened = open_caller(system, ProbeContext("erp", ENTITIES, time.clock, time.sleep))
    try:
        opened.call(ROWS, time.limit())
    finally:
        opened.close()


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_a_statement_is_signed_so_that_the_public_key_confirms_it(
    algorithm: str, server: ScriptedServer
) -> None:
    tokens = TokenServer(algorithm)
    server.scripts["/token"] = tokens
    call(server, {"private_key": tokens.private, "algorithm": algorithm, "key_id": "K",
                  "subject": "ann@firm.example"})  # fmt: skip
    assert tokens.form["grant_type"] == f"{OAUTH}:grant-type:jwt-bearer"
    assert tokens.token.header["kid"] == "K"
    now = int(NOON.timestamp())
    assert tokens.token.claims == {
        "iss": "C", "sub": "ann@firm.example", "aud": "A", "iat": now, "exp": now + 300
    }  # fmt: skip
    assert server.asked("/rows")[0].headers["authorization"] == "Bearer T"


def test_a_statement_can_show_the_client_of_client_credentials(server: ScriptedServer) -> None:
    tokens = TokenServer("PS256")
    server.scripts["/token"] = tokens
    call(server, {"private_key": tokens.private, "algorithm": "PS256", "states": "client",
                  "claims": {"scope": "rest"}, "scope": "all"})  # fmt: skip
    assert tokens.form["grant_type"] == "client_credentials"
    assert tokens.form["client_assertion_type"] == f"{OAUTH}:client-assertion-type:jwt-bearer"
    assert tokens.form["scope"] == "all"
    assert tokens.token.claims["scope"] == "rest"
    assert tokens.token.claims["sub"] == "C"


@pytest.mark.parametrize("key", ["canary-93bd07", "-----BEGIN PRIVATE KEY-----\ncanary-93bd07\n"])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_key_that_cannot_be_read_is_refused_and_not_shown(
    algorithm: str, key: str, server: ScriptedServer
) -> None:
    with pytest.raises(Permanent) as refused:
        call(server, {"private_key": key, "algorithm": algorithm})
    assert refused.value.reason is Reason.CREDENTIALS
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_key_of_another_kind_is_refused(server: ScriptedServer) -> None:
    with pytest.raises(Permanent, match="is none for ES256"):
        call(server, {"private_key": TokenServer("RS256").private, "algorithm": "ES256"})
