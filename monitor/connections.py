"""Connections whose every step ends with the time limit of the call that they serve.

The library's own time-outs start anew with each read, so headers or a body that drip in byte by
byte would never end.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

from monitor.core.clock import TimeLimit

_time_limit: ContextVar[TimeLimit] = ContextVar("time_limit")


@contextmanager
def limited(time_limit: TimeLimit) -> Iterator[None]:
    """Bind what this thread does on its connections to a time limit."""
    token = _time_limit.set(time_limit)
    try:
        yield
    finally:
        _time_limit.reset(token)


def _bounded(timeout: float | None, too_late: type[httpcore.TimeoutException]) -> float:
    left = _time_limit.get().left()
    if left <= 0:
        raise too_late
    return left if timeout is None else min(timeout, left)


class _LimitedStream(httpcore.NetworkStream):
    """A connection whose every step ends with the time limit of the call that it serves."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _bounded(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _bounded(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        bounded = _bounded(timeout, httpcore.ConnectTimeout)
        return _LimitedStream(self._stream.start_tls(ssl_context, server_hostname, bounded))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class LimitedBackend(httpcore.SyncBackend):
    """Opens connections that know the time limit of the call which uses them."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection that ends with the time limit."""
        bounded = _bounded(timeout, httpcore.ConnectTimeout)
        return _LimitedStream(
            super().connect_tcp(host, port, bounded, local_address, socket_options)
        )
