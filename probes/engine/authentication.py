"""How a system is told who asks. Secrets stay in here and in the requests that need them."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, SecretStr

from monitor.core.clock import Clock, TimeLimit
from monitor.core.errors import Permanent, Reason
from monitor.core.streams import Duration, Settings
from monitor.response import Response
from probes.engine.credentials import (
    Authenticator,
    Credentials,
    FixedCredentials,
    Token,
    TokenAuthenticator,
)
from probes.engine.refresh_tokens import keep_refresh_token, read_refresh_token
from probes.engine.selector import value_at

_OAUTH = "urn:ietf:params:oauth"
_RENEWED_BEFORE = timedelta(seconds=30)


class NoAuth(Settings):
    """The system asks for no credential."""

    kind: Literal["none"] = "none"


class BasicAuth(Settings):
    """User name and password with each call (RFC 7617)."""

    kind: Literal["basic"]
    username: str
    password: SecretStr


class BearerAuth(Settings):
    """A fixed token with each call (RFC 6750)."""

    kind: Literal["bearer"]
    token: SecretStr
    scheme: str = "Bearer"
    """Word before the token."""


class ApiKeyAuth(Settings):
    """A fixed key in a header or a query parameter."""

    kind: Literal["api_key"]
    name: str
    """Of the header or parameter."""
    key: SecretStr
    place: Literal["header", "query"] = Field(default="header", alias="in")


class ClientCredentialsAuth(Settings):
    """OAuth 2.0 client credentials (RFC 6749, 4.4); the token is kept until it expires."""

    kind: Literal["oauth2_client_credentials"]
    token_url: str
    client_id: str
    client_secret: SecretStr
    scope: str = ""
    parameters: dict[str, str] = {}
    """Further form fields that the server asks for, such as `audience`."""
    send: Literal["basic", "form"] = "basic"
    """Where the client's own credential goes: a header, or the form."""


class AssertionAuth(Settings):
    """OAuth 2.0 by a signed statement in place of a password (RFC 7523); the key never leaves."""

    kind: Literal["oauth2_jwt"]
    token_url: str
    client_id: str
    """Who states it: the claims `iss` and, unless another is named, `sub`."""
    private_key: SecretStr
    """PEM of the key whose public half, or certificate, the server knows."""
    algorithm: Literal["RS256", "PS256", "ES256"] = "RS256"
    key_id: str | None = None
    """Which of several keys it is, as the server calls it."""
    subject: str | None = None
    """The user for whom tieout acts; None: the client itself."""
    audience: str
    """For whom the statement is: what the server expects in `aud`."""
    scope: str = ""
    claims: dict[str, str] = {}
    """Further claims that the server asks for."""
    states: Literal["grant", "client"] = "grant"
    """Whether the statement is the grant itself, or shows the client of client credentials."""


class RefreshAuth(Settings):
    """OAuth 2.0 by a refresh token (RFC 6749, 6) that somebody got by logging in once.

    Servers may give another with each use and let the old one end, so it lies in a file which
    tieout writes anew; no two systems may share it.
    """

    kind: Literal["oauth2_refresh"]
    token_url: str
    client_id: str
    client_secret: SecretStr
    refresh_token_file: Path
    """Holds the refresh token and nothing else; its folder must be writable."""
    send: Literal["basic", "form"] = "basic"
    """Where the client's own credential goes: a header, or the form."""


class LoginAuth(Settings):
    """A call that trades a user's credential for a token."""

    kind: Literal["login"]
    url: str
    """Path under the system's base URL, or a whole address."""
    body: dict[str, str] = {}
    secrets: dict[str, SecretStr] = {}
    """Fields of the body which nobody may see."""
    encoding: Literal["json", "form"] = "json"
    token: str
    """Path of the token in the answer."""
    lifetime: Duration | None = None
    """How long a token holds; None: until it is refused."""
    header: str = "Authorization"
    scheme: str = "Bearer"
    """Word before the token; may be empty."""


Auth = Annotated[
    NoAuth
    | BasicAuth
    | BearerAuth
    | ApiKeyAuth
    | ClientCredentialsAuth
    | AssertionAuth
    | RefreshAuth
    | LoginAuth,
    Field(discriminator="kind"),
]


class Post(Protocol):
    """Sends a body within the system's budget; raises unless the answer can be used."""

    def __call__(
        self,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        time_limit: TimeLimit,
    ) -> Response:
        """The answer, whatever origin it comes from."""
        ...


def build_authenticator(settings: Auth, post: Post, clock: Clock) -> Authenticator:
    """The authenticator that the settings describe."""
    match settings:
        case ClientCredentialsAuth():
            return TokenAuthenticator(lambda limit: _grant(settings, post, clock, limit), clock)
        case AssertionAuth():
            return TokenAuthenticator(lambda limit: _state(settings, post, clock, limit), clock)
        case RefreshAuth():
            return TokenAuthenticator(lambda limit: _refresh(settings, post, clock, limit), clock)
        case LoginAuth():
            return TokenAuthenticator(lambda limit: _log_in(settings, post, clock, limit), clock)
        case _:
            return FixedCredentials(_fixed(settings))


def _fixed(settings: NoAuth | BasicAuth | BearerAuth | ApiKeyAuth) -> Credentials:
    match settings:
        case NoAuth():
            return Credentials()
        case BasicAuth():
            return Credentials(_basic(settings.username, settings.password))
        case BearerAuth():
            return _bearing("Authorization", settings.scheme, settings.token.get_secret_value())
        case ApiKeyAuth(place="query"):
            return Credentials(params=((settings.name, settings.key.get_secret_value()),))
        case ApiKeyAuth():
            return Credentials({settings.name: settings.key.get_secret_value()})


def _grant(
    settings: ClientCredentialsAuth, post: Post, clock: Clock, time_limit: TimeLimit
) -> Token:
    form = {"grant_type": "client_credentials", **settings.parameters}
    if settings.scope:
        form["scope"] = settings.scope
    return _token_of_client(settings, form, post, clock, time_limit)[0]


def _refresh(settings: RefreshAuth, post: Post, clock: Clock, time_limit: TimeLimit) -> Token:
    file = settings.refresh_token_file
    old = read_refresh_token(file)
    form = {"grant_type": "refresh_token", "refresh_token": old}
    token, answer = _token_of_client(settings, form, post, clock, time_limit)
    new = value_at(answer, "refresh_token")
    if isinstance(new, str) and new not in ("", old):
        keep_refresh_token(file, new)
    return token


def _token_of_client(
    settings: ClientCredentialsAuth | RefreshAuth,
    form: dict[str, str],
    post: Post,
    clock: Clock,
    time_limit: TimeLimit,
) -> tuple[Token, Any]:
    """A token for a client that shows its own credential, and the whole answer."""
    if settings.send == "basic":
        headers = _basic(settings.client_id, settings.client_secret)
        return _token(settings.token_url, form, headers, post, clock, time_limit)
    secret = settings.client_secret.get_secret_value()
    shown = {**form, "client_id": settings.client_id, "client_secret": secret}
    return _token(settings.token_url, shown, {}, post, clock, time_limit)


def _state(settings: AssertionAuth, post: Post, clock: Clock, time_limit: TimeLimit) -> Token:
    from probes.engine.assertions import sign  # noqa: PLC0415 - few systems need it

    statement = sign(
        {
            "iss": settings.client_id,
            "sub": settings.subject or settings.client_id,
            "aud": settings.audience,
            **settings.claims,
        },
        settings.private_key.get_secret_value(),
        settings.algorithm,
        settings.key_id,
        clock(),
    )
    if settings.states == "grant":
        form = {"grant_type": f"{_OAUTH}:grant-type:jwt-bearer", "assertion": statement}
    else:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": f"{_OAUTH}:client-assertion-type:jwt-bearer",
            "client_assertion": statement,
        }
    if settings.scope:
        form["scope"] = settings.scope
    return _token(settings.token_url, form, {}, post, clock, time_limit)[0]


def _token(
    url: str,
    form: Mapping[str, str],
    headers: Mapping[str, str],
    post: Post,
    clock: Clock,
    time_limit: TimeLimit,
) -> tuple[Token, Any]:
    asked_at = clock()
    answer = post(url, form=form, headers=headers, time_limit=time_limit).json()
    token = _bearing("Authorization", "Bearer", _text_at(answer, "access_token"))
    return Token(token, _expiry(asked_at, value_at(answer, "expires_in"))), answer


def _log_in(settings: LoginAuth, post: Post, clock: Clock, time_limit: TimeLimit) -> Token:
    secrets = {name: secret.get_secret_value() for name, secret in settings.secrets.items()}
    body = {**settings.body, **secrets}
    asked_at = clock()
    if settings.encoding == "json":
        answer = post(settings.url, json=body, time_limit=time_limit).json()
    else:
        answer = post(settings.url, form=body, time_limit=time_limit).json()
    token = _bearing(settings.header, settings.scheme, _text_at(answer, settings.token))
    lifetime = settings.lifetime
    return Token(token, None if lifetime is None else asked_at + lifetime)


def _expiry(asked_at: datetime, seconds: Any) -> datetime | None:
    """A little before the end, so that no call starts with a token that ends under way."""
    if isinstance(seconds, str) and seconds.isdecimal():
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | Decimal):
        return None
    lifetime = timedelta(seconds=min(float(seconds), 366 * 86400.0))
    return asked_at + max(lifetime - _RENEWED_BEFORE, lifetime / 2)


def _text_at(answer: Any, path: str) -> str:
    text = value_at(answer, path)
    if not isinstance(text, str) or not text:
        raise Permanent("the login was answered without a token", reason=Reason.CREDENTIALS)
    return text


def _basic(username: str, password: SecretStr) -> Mapping[str, str]:
    pair = f"{username}:{password.get_secret_value()}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _bearing(header: str, scheme: str, token: str) -> Credentials:
    return Credentials({header: f"{scheme} {token}".strip()})
