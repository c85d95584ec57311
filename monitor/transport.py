"""HTTP, and the only place that knows by which library it is spoken.

What the library leaves open is closed here: one limit for the whole call (its own time-outs
start anew with each read, so a body that drips never ends), a cap on decoded bytes (a small
compressed body can fill the memory), bodies that were cut off, redirects, proxies taken from
the environment, and addresses or credentials in messages.
"""

import logging
import ssl
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from monitor.connections import LimitedBackend, limited
from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.response import Response

for _library in ("httpx", "httpcore"):
    # They log addresses with query strings at INFO, and headers at DEBUG.
    logging.getLogger(_library).setLevel(logging.WARNING)

__all__ = ["MAX_BYTES", "Params", "Response", "Timeouts", "Transport"]

MAX_BYTES = 32 * 1024 * 1024
"""Largest decoded body that is taken unless told otherwise."""

Params = Sequence[tuple[str, str]]
"""Query parameters; a name may stand several times."""

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for single steps; the call's time limit holds for all of them together."""

    connect: float = 10.0
    read: float = 30.0

    def within(self, time_limit: TimeLimit) -> httpx.Timeout:
        """As the library wants them; it does not ask the connection while it waits for one."""
        turn = min(self.read, max(time_limit.left(), 0.001))
        return httpx.Timeout(self.read, connect=self.connect, pool=turn)


class Transport:
    """Speaks to one origin. May be used by several threads at a time."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
        max_bytes: int = MAX_BYTES,
        connections: int = 8,
        ca_file: str | None = None,
    ) -> None:
        """Prepare connections; none is opened yet.

        Args:
            base_url: scheme, host and perhaps the path under which every relative path lies.
            headers: sent with each request.
            timeouts: for single steps.
            max_bytes: largest decoded body that is taken.
            connections: how many may be open at a time.
            ca_file: certificates to trust instead of the usual authorities.

        Raises:
            Permanent: the address is not an HTTP one, or carries a user name or password; or the
                certificates cannot be read.
        """
        self._base = base_url.rstrip("/")
        address = _read_url(self._base)
        if address.scheme not in {"http", "https"} or not address.host or address.userinfo:
            raise Permanent(
                "a base URL is http:// or https://, a host, and no user name or password",
                reason=Reason.CONFIGURATION,
            )
        self.origin = _origin(address)
        self._timeouts = timeouts or Timeouts()
        self._max_bytes = max_bytes
        try:
            self._client = httpx.Client(
                transport=_LimitedTransport(connections, ca_file),
                headers={"user-agent": "tieout", "accept-encoding": "gzip", **(headers or {})},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                trust_env=False,
                follow_redirects=False,
            )
        except ValueError:
            failure = _unsendable(self.origin)
        else:
            return
        raise failure

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        time_limit: TimeLimit,
    ) -> Response:
        """One call, and the whole answer whatever its status.

        Args:
            method: GET, POST, …
            url: a path under the base URL, or a whole address at the same origin.
            params: added to those that the address has.
            headers: beside those of the transport.
            json: body to send as JSON.
            form: body to send as a form, instead.
            content: body to send as it is, instead.
            time_limit: for everything from the connection to the last byte.

        Raises:
            Transient: no answer, not in time, or one that was cut off.
            Permanent: too large an answer, another origin, or a request that cannot be sent.
        """
        request = self._build(
            method,
            self._address(url, params),
            headers=headers,
            json=json,
            data=form,
            content=content,
            timeout=self._timeouts.within(time_limit),
        )
        answered = False
        try:
            with limited(time_limit), closing(self._client.send(request, stream=True)) as answer:
                answered = True
                return Response(
                    status=answer.status_code,
                    headers={name.lower(): value for name, value in answer.headers.items()},
                    body=self._read(answer),
                    url=str(request.url),
                )
        except httpx.HTTPError as error:
            failure = self._translate(error, time_limit, answered=answered)
        # Raised out here, so that the library's error, which may quote the request, is not chained.
        raise failure

    def _build(self, method: str, address: httpx.URL, **parts: Any) -> httpx.Request:
        try:
            return self._client.build_request(method, address, **parts)
        except (TypeError, ValueError):
            failure = _unsendable(self.origin)
        raise failure

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _address(self, url: str, params: Params) -> httpx.URL:
        is_whole = url.startswith(("http://", "https://"))
        address = _read_url(
            url if is_whole else f"{self._base}/{url.lstrip('/')}" if url else self._base
        )
        if _origin(address) != self.origin or address.userinfo:
            raise Permanent(
                f"{self.origin} points at another origin, which is not followed",
                reason=Reason.REFUSED,
            )
        # An address without additions goes out as it came in: links are followed verbatim.
        return address.copy_merge_params(list(params)) if params else address

    def _read(self, answer: httpx.Response) -> bytes:
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"gzip", "x-gzip", "identity", ""}:
            raise Permanent(
                f"{self.origin} answered in an encoding that was not asked for",
                reason=Reason.MALFORMED,
            )
        chunks = answer.iter_raw(_CHUNK)
        body = bytearray()
        for part in chunks if encoding in {"identity", ""} else self._gunzip(chunks):
            body += part
            if len(body) > self._max_bytes:
                raise Permanent(
                    f"{self.origin} answered with more than {self._max_bytes} bytes",
                    reason=Reason.TOO_LARGE,
                )
        return bytes(body)

    def _gunzip(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Decode in steps of bounded size, however much one chunk would grow to."""
        decoder = zlib.decompressobj(wbits=31)
        try:
            for chunk in chunks:
                rest, part = chunk, b""
                while rest or (len(part) == _CHUNK and not decoder.eof):
                    if decoder.eof:
                        decoder = zlib.decompressobj(wbits=31)
                    yield (part := decoder.decompress(rest, _CHUNK))
                    rest = decoder.unconsumed_tail or decoder.unused_data
            is_whole = decoder.eof
        except zlib.error:
            is_whole = False
        if not is_whole:
            raise Transient(
                f"{self.origin} sent a compressed body that was cut off or damaged",
                reason=Reason.MALFORMED,
            )

    def _translate(
        self, error: httpx.HTTPError, time_limit: TimeLimit, *, answered: bool
    ) -> TieoutError:
        """Ours for the library's, without quoting it: it may hold a header or a query."""
        reason, what = _explain(error, answered=answered)
        if time_limit.left() <= 0:
            reason, what = Reason.DEADLINE, "did not finish within the time allowed"
        if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
            return _unsendable(self.origin)
        return Transient(f"{self.origin} {what}", reason=reason)


def _explain(error: httpx.HTTPError, *, answered: bool) -> tuple[Reason, str]:
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout() if _is_untrusted(error):
            return Reason.UNREACHABLE, "showed a certificate that is not trusted"
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return Reason.UNREACHABLE, "cannot be reached"
        case httpx.TimeoutException():
            return Reason.DEADLINE, "fell silent"
        case _ if answered:
            return Reason.MALFORMED, "broke off in the middle of its answer"
        case _:
            return Reason.UNREACHABLE, "closed the connection without an answer"


def _unsendable(origin: str) -> Permanent:
    return Permanent(
        f"the request to {origin} cannot be sent: a header or the body is not what HTTP takes",
        reason=Reason.CONFIGURATION,
    )


def _read_url(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        failure = Permanent("an address is not a valid URL", reason=Reason.CONFIGURATION)
    raise failure


def _origin(address: httpx.URL) -> str:
    port = f":{address.port}" if address.port else ""
    return f"{address.scheme}://{address.host}{port}"


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


class _LimitedTransport(httpx.HTTPTransport):
    """The library's own transport over connections that know the call's time limit."""

    def __init__(self, connections: int, ca_file: str | None) -> None:
        # Not the parent's: it offers no way to give the pool another network backend.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trust(ca_file),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=30.0,
            network_backend=LimitedBackend(),
        )


@cache
def _trust(ca_file: str | None) -> ssl.SSLContext:
    """Read once: the usual authorities are a large file."""
    if ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:
        raise Permanent(
            f"the certificates in '{ca_file}' cannot be read", reason=Reason.CONFIGURATION
        ) from None
