"""A system that is read over HTTP: its settings, and the caller that they describe."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import AnyHttpUrl, Field, field_validator

from monitor.core.clock import Clock, TimeLimit
from monitor.core.errors import Reason
from monitor.core.plugins import ProbeContext
from monitor.core.streams import SystemSettings
from monitor.response import Response
from monitor.transport import MAX_BYTES, Transport
from probes.engine.authentication import Auth, NoAuth, Post, build_authenticator
from probes.engine.budget import Budget
from probes.engine.caller import Caller, RetrySettings
from probes.engine.credentials import Authenticator
from probes.engine.errors import ErrorRow, Then, judge


class HttpSystem(SystemSettings):
    """What every system that is read over HTTP declares; probes extend it."""

    base_url: AnyHttpUrl
    """Scheme, host and perhaps the path under which all others lie."""
    auth: Auth = NoAuth()
    """How the system is told who asks."""
    headers: dict[str, str] = {}
    """Sent with each call."""
    errors: tuple[ErrorRow, ...] = ()
    """What single answers mean; the first row that fits decides, HTTP's own meaning comes last."""
    retry: RetrySettings = RetrySettings()
    """How reads are tried again inside one look."""
    max_bytes: int = Field(default=MAX_BYTES, gt=0)
    """Largest answer that is taken, in decoded bytes."""
    ca_file: str | None = None
    """Certificates to trust instead of the usual authorities."""

    @field_validator("base_url")
    @classmethod
    def _holds_no_secret(cls, url: AnyHttpUrl) -> AnyHttpUrl:
        if url.username or url.password or url.query or url.fragment:
            raise ValueError("base_url takes neither user name, password nor query: see 'auth'")
        return url


class CredentialPost:
    """Asks for tokens, at the system itself or at the server that its token URL names."""

    _ERRORS = (ErrorRow(status=(400, 401, 403), then=Then.FAIL, reason=Reason.CREDENTIALS),)

    def __init__(
        self, settings: HttpSystem, transport: Transport, budget: Budget, clock: Clock
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._budget = budget
        self._clock = clock

    def __call__(
        self,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        time_limit: TimeLimit,
    ) -> Response:
        """The answer to one POST.

        Raises:
            Transient: no usable answer; asking again later can help.
            Permanent: the credential was refused.
        """
        self._budget.spend(time_limit)
        is_elsewhere = url.startswith(("http://", "https://"))
        transport = self._elsewhere(url) if is_elsewhere else self._transport
        try:
            answer = transport.request(
                "POST", url, json=json, form=form, headers=headers, time_limit=time_limit
            )
        finally:
            if is_elsewhere:
                transport.close()
        if verdict := judge(answer, self._ERRORS, self._clock()):
            raise verdict.error(transport.origin)
        return answer

    def _elsewhere(self, url: str) -> Transport:
        return Transport(url, connections=1, ca_file=self._settings.ca_file)


def open_caller(
    settings: HttpSystem,
    context: ProbeContext,
    authenticate: Callable[[Post], Authenticator] | None = None,
    budget: Budget | None = None,
) -> Caller:
    """The caller for a system as its settings describe it.

    Args:
        settings: the system's.
        context: clock, sleep and the calls already made today.
        authenticate: makes the authenticator, instead of the one that `settings.auth` describes.
        budget: shared with another caller to the same system; None: one of its own.

    Raises:
        Permanent: a header cannot be sent, or the certificates cannot be read.
    """
    budget = budget or Budget(settings.budget, context.clock, context.sleep, context.calls_today)
    transport = Transport(
        str(settings.base_url),
        headers=settings.headers,
        max_bytes=settings.max_bytes,
        ca_file=settings.ca_file,
    )
    post = CredentialPost(settings, transport, budget, context.clock)
    authenticator = (
        authenticate(post)
        if authenticate
        else build_authenticator(settings.auth, post, context.clock)
    )
    return Caller(
        transport,
        budget,
        authenticator,
        errors=settings.errors,
        retry=settings.retry,
        clock=context.clock,
        sleep=context.sleep,
        jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
    )
