"""Six ways to ask who is there, one for each system."""

import base64
import hmac
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol
from urllib.parse import parse_qs

import msgspec

from monitor.core.clock import Clock
from monitor.simulation.exchange import Refusal, Reply, Request, json_reply

_TOKEN_LIFE = timedelta(minutes=10)


class Access(Protocol):
    """Lets requests in, and hands out tokens where the system has them."""

    def check(self, request: Request) -> None:
        """Let the request in.

        Raises:
            Refusal: with status 401.
        """
        ...

    def grant(self, request: Request) -> Reply | None:
        """The reply to a request for a token; None for any other request."""
        ...


class FixedHeader:
    """A header must hold a fixed text: bearer token, API key, or user name and password."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name.lower(), value

    def check(self, request: Request) -> None:
        """See `Access`."""
        _must_equal(request.headers.get(self._name, ""), self._value)

    def grant(self, request: Request) -> Reply | None:
        """See `Access`."""


class FixedParameter:
    """A query parameter must hold a fixed text."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def check(self, request: Request) -> None:
        """See `Access`."""
        _must_equal(request.query.get(self._name, ""), self._value)

    def grant(self, request: Request) -> Reply | None:
        """See `Access`."""


class _Tokens:
    """Tokens that expire by the firm's clock."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock, self._name = clock, name
        self._lock = Lock()
        self._expiry: dict[str, datetime] = {}

    def issue(self) -> str:
        with self._lock:
            token = f"{self._name}-{len(self._expiry) + 1}"
            self._expiry[token] = self._clock() + _TOKEN_LIFE
            return token

    def check(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        with self._lock:
            expiry = self._expiry.get(token)
        if expiry is None or self._clock() >= expiry:
            raise Refusal(401, "the token is unknown or has expired")


class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749, 4.4), sent in a header or in the form."""

    path = "/oauth/token"

    def __init__(self, client_id: str, client_secret: str, clock: Clock) -> None:
        self._id, self._secret = client_id, client_secret
        self._tokens = _Tokens(clock, client_secret[:8])

    def check(self, request: Request) -> None:
        """See `Access`."""
        self._tokens.check(request)

    def grant(self, request: Request) -> Reply | None:
        """See `Access`."""
        if request.path != self.path or request.method != "POST":
            return None
        form = {
            name: values[0]
            for name, values in parse_qs(request.body.decode(errors="replace")).items()
        }
        if form.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type")
        if "client_secret" in form:
            _must_equal(form["client_secret"], self._secret)
            _must_equal(form.get("client_id", ""), self._id)
        else:
            _must_equal(request.headers.get("authorization", ""), basic(self._id, self._secret))
        seconds = int(_TOKEN_LIFE.total_seconds())
        token = self._tokens.issue()
        return json_reply({"access_token": token, "token_type": "Bearer", "expires_in": seconds})


class Login:
    """A call that trades a user's name and password for a token."""

    path = "/login"

    def __init__(self, user: str, password: str, clock: Clock) -> None:
        self._user, self._password = user, password
        self._tokens = _Tokens(clock, password[:8])

    def check(self, request: Request) -> None:
        """See `Access`."""
        self._tokens.check(request)

    def grant(self, request: Request) -> Reply | None:
        """See `Access`."""
        if request.path != self.path or request.method != "POST":
            return None
        try:
            body = msgspec.json.decode(request.body, type=dict[str, str])
        except msgspec.DecodeError as error:
            raise Refusal(400, "the body must be a JSON object of texts") from error
        _must_equal(body.get("user", ""), self._user)
        _must_equal(body.get("password", ""), self._password)
        return json_reply({"session": {"token": self._tokens.issue()}})


def basic(user: str, password: str) -> str:
    """The header for user name and password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _must_equal(given: str, expected: str) -> None:
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(401, "the credential is wrong")
