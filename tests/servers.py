"""A real HTTP server on loopback that answers by a script and misbehaves on demand."""

import gzip
import json
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

NO_CONTENT = 204


class Fault(Enum):
    """What goes wrong with a reply."""

    NONE = auto()
    DROPPED = auto()
    """The connection is reset without an answer."""
    CUT = auto()
    """Half of the body, after a Content-Length for the whole."""
    CUT_UNSIZED = auto()
    """Half of the body, and no Content-Length to tell."""
    DRIPPING = auto()
    """The body comes byte by byte, without end."""
    DRIPPING_HEAD = auto()
    """So do the headers."""
    SILENT = auto()
    """Nothing comes at all."""
    TWICE = auto()
    """The whole reply comes two times."""


@dataclass(frozen=True)
class Request:
    """What arrived; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    target: str

    def param(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[-1]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is answered: bytes as they are, anything else as JSON."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = Fault.NONE
    gzipped: bool = False

    def encoded(self) -> bytes:
        plain = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return gzip.compress(plain) if self.gzipped else plain


Script = Callable[[Request], Reply] | Sequence[Reply] | Reply


class ScriptedServer:
    """Answers each path by its script; the last reply of a list is given for ever."""

    def __init__(
        self,
        scripts: Mapping[str, Script] | None = None,
        otherwise: Script = Reply({"error": "no such path"}, status=404),
        port: int = 0,
    ) -> None:
        self.scripts: dict[str, Script] = dict(scripts or {})
        self._otherwise = otherwise
        self.requests: list[Request] = []
        self.stopped = Event()
        self._counts: dict[str, int] = {}
        self._lock = Lock()
        self._server = _Server(self, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            script = self.scripts.get(request.path, self._otherwise)
            if isinstance(script, Sequence):
                turn = self._counts.get(request.path, 0)
                self._counts[request.path] = turn + 1
                return script[min(turn, len(script) - 1)]
        return script if isinstance(script, Reply) else script(request)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, owner: ScriptedServer, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.owner = owner
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""

    def hang_up(self) -> None:
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    disable_nagle_algorithm = True
    timeout = 10

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        reply = self.server.owner.answer(
            Request(
                self.command,
                parts.path,
                parse_qs(parts.query, keep_blank_values=True),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
                self.path,
            )
        )
        with suppress(OSError):
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        body = reply.encoded()
        match reply.fault:
            case Fault.NONE:
                self._head(reply, len(body))
                self.wfile.write(body if reply.status != NO_CONTENT else b"")
            case Fault.TWICE:
                for _ in range(2):
                    self._head(reply, len(body))
                    self.wfile.write(body if reply.status != NO_CONTENT else b"")
                self.close_connection = True
            case Fault.DROPPED:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
            case Fault.CUT:
                self._head(reply, len(body))
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            case Fault.CUT_UNSIZED:
                self._head(reply, None)
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
            case Fault.DRIPPING:
                self._head(reply, 10_000_000)
                self._drip(b" ")
            case Fault.DRIPPING_HEAD:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                self._drip(b"x")
            case Fault.SILENT:
                self.server.owner.stopped.wait(5)
                self.close_connection = True

    def _drip(self, byte: bytes) -> None:
        self.close_connection = True
        while not self.server.owner.stopped.wait(0.01):
            self.wfile.write(byte)
            self.wfile.flush()

    def _head(self, reply: Reply, length: int | None) -> None:
        headers = {name.lower() for name in reply.headers}
        self.send_response_only(reply.status)
        if "date" not in headers:
            self.send_header("Date", self.date_time_string())
        if reply.gzipped and "content-encoding" not in headers:
            self.send_header("Content-Encoding", "gzip")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if length is None:
            self.send_header("Connection", "close")
        elif reply.status != NO_CONTENT:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Keep the tests' output clean."""
