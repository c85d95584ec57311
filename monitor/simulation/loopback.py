"""An HTTP server on a free loopback port that serves one application."""

import gzip
import socket
from contextlib import suppress
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from monitor.core.clock import Clock
from monitor.simulation.exchange import Application, Delivery, Refusal, Reply, Request, json_reply

_WORTH_COMPRESSING = 1_000
_LARGEST_BODY = 1_000_000
_LARGEST_REFUSED = 413


class LoopbackServer:
    """Serves from `start` to `close`, each connection in a thread of its own.

    Args:
        application: answers the requests.
        clock: gives the `Date` header.
    """

    def __init__(self, application: Application, clock: Clock) -> None:
        self._server = _Server(application, clock)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:port`."""
        return self._server.origin

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop, and end every connection."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, application: Application, clock: Clock) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.application = application
        self.clock = clock
        self.origin = f"http://127.0.0.1:{self.server_port}"
        self._lock = Lock()
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""

    def hang_up(self) -> None:
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = -1  # head and body leave together
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            super().handle_one_request()
            return
        self.close_connection = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        try:
            reply = self.server.application(self._read())
        except Refusal as refusal:
            reply = json_reply({"error": str(refusal)}, refusal.status)
        self._send(reply)

    def _read(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            self.close_connection = True
            raise Refusal(_LARGEST_REFUSED, "the body is too large")
        target = urlsplit(self.path)
        return Request(
            method=self.command,
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            origin=self.server.origin,
        )

    def _send(self, reply: Reply) -> None:
        if reply.delivery is Delivery.NOTHING:
            self.close_connection = True
            return
        body, headers = reply.body, dict(reply.headers)
        accepts = self.headers.get("Accept-Encoding", "")
        if "gzip" in accepts and len(body) > _WORTH_COMPRESSING:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        sent = body if reply.delivery is Delivery.WHOLE else body[: len(body) // 2]
        if reply.delivery is not Delivery.CUT_UNSIZED:
            announced = sent if reply.delivery is Delivery.CUT else body
            headers["Content-Length"] = str(len(announced))
        if reply.delivery is not Delivery.WHOLE:
            headers["Connection"] = "close"
        self.send_response_only(reply.status)
        headers["Date"] = format_datetime(self.server.clock(), usegmt=True)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing is logged: the rehearsal's subject is the client."""
