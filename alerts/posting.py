"""Posting JSON to one address, as every channel over HTTP does it: once, within a time."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import AnyHttpUrl

from alerts.answers import explain, transport_to
from monitor.core.clock import Clock, TimeLimit
from monitor.core.errors import TieoutError
from monitor.response import Response


class Poster:
    """Speaks to the origin of one address. May be used by several threads at a time."""

    def __init__(
        self,
        address: AnyHttpUrl,
        timeout: timedelta,
        clock: Clock,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._address = str(address)
        self._timeout = timeout
        self._clock = clock
        self._headers = dict(headers or {})
        self._transport = transport_to(address)

    def post(self, document: Any) -> Response:
        """Post to the address.

        Raises:
            Transient, Permanent: the answer is no success.
        """
        return self.call("POST", self._address, document)

    def call(
        self,
        method: str,
        url: str,
        document: Any = None,
        *,
        explained: Callable[[Response], TieoutError | None] | None = None,
    ) -> Response:
        """Make one call at the same origin.

        Args:
            method: of HTTP.
            url: path or whole address.
            document: sent as JSON; None sends none.
            explained: says what an answer means before HTTP's own meaning counts.

        Raises:
            Transient, Permanent: the answer is no success.
        """
        answer = self._transport.request(
            method,
            url,
            json=document,
            headers=self._headers,
            time_limit=TimeLimit.of(self._timeout),
        )
        failure = explained(answer) if explained is not None else None
        failure = failure or explain(answer, self._clock())
        if failure is not None:
            raise failure
        return answer

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()
