"""One call to a system, as every HTTP probe makes it.

Within the budget, with credentials, judged by the error table, tried again where that can help,
and over when the look's time is over.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import Field

from monitor.core.clock import Clock, TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.streams import Duration, Settings
from monitor.response import NO_CONTENT, Response
from monitor.transport import Params, Transport
from probes.engine.budget import Budget
from probes.engine.credentials import Authenticator, Credentials
from probes.engine.errors import ErrorRow, Then, judge, rows_for_writing

_log = structlog.get_logger(__name__)

_ANY_ANSWER = ErrorRow(status=tuple(range(200, 600)), then=Then.EMPTY)
_READS = frozenset({"GET", "HEAD"})


class RetrySettings(Settings):
    """How often, and after what pause, a read is tried again inside one look."""

    tries: int = Field(default=4, ge=1, le=20)
    first_pause: Duration = timedelta(seconds=0.5)
    """Doubled with each further try, and shortened at random by up to a half."""
    longest_pause: Duration = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Call:
    """A request before credentials.

    Attributes:
        method: GET, POST, …
        url: path under the base URL, or a whole address at the same origin.
        params: query parameters in order; a name may stand several times.
        body: sent as JSON; None sends none.
        content: bytes of a body that is JSON already, instead.
        headers: beside those of the system.
        repeatable: trying again cannot do anything twice; None: GET and HEAD only. A POST that
            only reads says True.
        errors: rows that come before those of the system.
    """

    method: str
    url: str
    params: Params = field(default=(), repr=False)
    body: Any = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool | None = None
    errors: Sequence[ErrorRow] = ()

    @property
    def may_repeat(self) -> bool:
        """Whether the call may be made again."""
        return self.method in _READS if self.repeatable is None else self.repeatable


Quote = Callable[[Response, frozenset[str]], str]
"""What may be shown of a refusal to a person: the answer, without the secrets of the call."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer to a call that changed something, and the secrets that went with the call."""

    response: Response
    secrets: frozenset[str] = field(repr=False)


class Caller:
    """Makes calls to one system. May be used by several threads at a time."""

    def __init__(
        self,
        transport: Transport,
        budget: Budget,
        authenticator: Authenticator,
        *,
        errors: Sequence[ErrorRow],
        retry: RetrySettings,
        clock: Clock,
        sleep: Callable[[float], None],
        jitter: random.Random,
    ) -> None:
        self.budget = budget
        self._transport = transport
        self._authenticator = authenticator
        self._errors = tuple(errors)
        self._retry = retry
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._offset: timedelta | None = None

    def call(self, call: Call, time_limit: TimeLimit) -> Response:
        """The answer, which can be used: its status is good and its body is whole, strict JSON.

        An answer that the error table calls `empty` comes back as one without content.

        Raises:
            Transient: no usable answer in the tries, the budget or the time allowed.
            Permanent: an answer that trying again cannot change.
        """
        rows = (*call.errors, *self._errors)
        failures = 0
        was_renewed = False
        while True:
            try:
                credentials = self._authenticator.credentials(time_limit)
                response = self._try(call, rows, credentials, time_limit, may_renew=not was_renewed)
                if response is not None:
                    response.json_rows()  # what cannot be read is asked for again
                    return response
            except Transient as failure:
                failures += 1
                pause = self._pause(failure, failures)
                is_last = failures >= self._retry.tries or pause >= time_limit.left()
                if is_last or not call.may_repeat:
                    raise
                _log.info("call is tried again", reason=failure.reason.value, pause=round(pause, 3))
                self._sleep(pause)
                continue
            was_renewed = True

    def send(self, call: Call, time_limit: TimeLimit, quote: Quote) -> Sent:
        """The answer to a call that changes something, made once.

        Whatever the other side may have done before it failed counts as perhaps done. A refused
        credential is renewed, and then the call is made for the first time.

        Args:
            call: what is sent.
            time_limit: for all of it.
            quote: what a failure repeats of the answer, for whoever asks why.

        Raises:
            Permanent: the call was refused, so nothing was changed.
            Transient: nothing was changed where the reason is in `UNSENT`; else it is not known.
        """
        rows = rows_for_writing(call.errors, self._errors)
        failure: TieoutError = Permanent("the credential is refused", reason=Reason.CREDENTIALS)
        try:
            for may_renew in (True, False):
                credentials = self._authenticator.credentials(time_limit)
                response = self._try(
                    call, rows, credentials, time_limit, may_renew=may_renew, quote=quote
                )
                if response is not None:
                    return Sent(response, credentials.secrets)
        except Permanent as refusal:
            # An answer that cannot be taken says nothing of what was done before it.
            is_answered = refusal.reason in (Reason.TOO_LARGE, Reason.MALFORMED)
            failure = Transient(str(refusal), reason=refusal.reason) if is_answered else refusal
        raise failure

    def source_time(self, time_limit: TimeLimit) -> datetime:
        """The present by the system's own clock, as the Date header of its last answer shows it.

        Behind by up to a second and never ahead, because the header counts whole seconds and took
        time to arrive. Before the first answer the system is asked for one.

        Raises:
            Transient: the system cannot be asked.
        """
        if self._offset is None:
            self.call(Call("GET", "", errors=(_ANY_ANSWER,)), time_limit)
        return self._clock() + (self._offset or timedelta(0))

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()

    def _try(
        self,
        call: Call,
        rows: Sequence[ErrorRow],
        credentials: Credentials,
        time_limit: TimeLimit,
        *,
        may_renew: bool,
        quote: Quote | None = None,
    ) -> Response | None:
        """One try: the answer, or None when the credential was renewed and another is due."""
        self.budget.spend(time_limit)
        response = self._transport.request(
            call.method,
            call.url,
            params=(*call.params, *credentials.params),
            json=call.body,
            content=call.content,
            headers={**call.headers, **credentials.headers},
            time_limit=time_limit,
        )
        self._note(response)
        verdict = judge(response, rows, self._clock())
        if verdict is None:
            return response
        if verdict.then is Then.EMPTY:
            return Response(NO_CONTENT, response.headers, b"", response.url)
        if verdict.then is Then.REFRESH and may_renew and self._authenticator.renew(credentials):
            return None
        said = "" if quote is None else quote(response, credentials.secrets)
        raise verdict.error(self._transport.origin, said)

    def _note(self, response: Response) -> None:
        self.budget.learn(response.headers)
        if response.date is not None:
            self._offset = response.date - self._clock()
        elif self._offset is None:
            self._offset = timedelta(0)

    def _pause(self, failure: Transient, failures: int) -> float:
        """Exponential, at least as long as asked for, and not at the same moment as others."""
        longest = self._retry.longest_pause.total_seconds()
        pause = min(longest, self._retry.first_pause.total_seconds() * 2.0 ** (failures - 1))
        return max(failure.retry_after or 0.0, pause * self._jitter.uniform(0.5, 1.0))
