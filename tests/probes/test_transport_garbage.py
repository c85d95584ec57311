"""Whatever bytes a server sends, a caller sees an answer or a typed error."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, TieoutError, Transient
from monitor.transport import Transport

WHOLE = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"items": []}'
)
PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 999 \r\n",
        b"HTTP/0.9 200\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Content-Encoding: br\r\n",
        b"Date: \xff\xfe\r\n",
        b"Retry-After: 99999999999999999999\r\n",
        b"\r\n",
        b"5\r\nhello\r\n",
        b"ffffffffffffffff\r\n",
        b"0\r\n\r\n",
        b"\x1f\x8b\x08\x00",
        b'{"items": []}',
        b"\x00",
    ]
)


class RawServer:
    """Sends prepared bytes to whoever asks, and hangs up."""

    def __init__(self) -> None:
        self.reply = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection, suppress(OSError):
                if not connection.recv(65_536):
                    return
                connection.sendall(self.reply)

    def close(self) -> None:
        with socket.create_connection(self._socket.getsockname()):
            pass
        self._thread.join()
        self._socket.close()


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    opened = RawServer()
    yield opened
    opened.close()


def answer_or_error(server: RawServer, reply: bytes) -> object:
    server.reply = reply
    transport = Transport(server.url, max_bytes=10_000)
    try:
        return transport.request(
            "GET", "/rows", time_limit=TimeLimit.of(timedelta(seconds=5))
        ).json()
    except TieoutError as error:
        return error
    finally:
        transport.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=8).map(b"".join) | st.binary(max_size=60))
def test_garbage_is_an_answer_or_a_typed_error(server: RawServer, reply: bytes) -> None:
    result = answer_or_error(server, reply)
    assert isinstance(result, Transient | Permanent | dict | list | str | int | Decimal | None)


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_no_prefix_of_an_answer_counts_as_the_answer(server: RawServer, length: int) -> None:
    assert isinstance(answer_or_error(server, WHOLE[:length]), Transient)


def test_the_whole_answer_counts(server: RawServer) -> None:
    assert answer_or_error(server, WHOLE) == {"items": []}
