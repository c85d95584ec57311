"""Slack's side of Socket Mode on loopback: gives out an address, sends envelopes, times answers.

Frames as in RFC 6455, envelopes as on docs.slack.dev, "Using Socket Mode". It proves the client.
"""

import base64
import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.alerts.receiver import Receiver, Reply, Request, running

APP_TOKEN = "xapp-canary-41d7"
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
ACKNOWLEDGED_WITHIN = 3.0
"""Seconds after which Slack sends an envelope again."""


@dataclass
class SocketSlack:
    """Connections so far, and how long each envelope waited for its acknowledgement."""

    receiver: Receiver = field(default_factory=lambda: Receiver(lambda _: Reply()))
    acknowledged: dict[str, float] = field(default_factory=dict)
    payloads: dict[str, Any] = field(default_factory=dict)
    opened: int = 0
    _sent: dict[str, float] = field(default_factory=dict)
    _connection: socket.socket | None = None
    _listener: socket.socket | None = None

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def send(self, envelope: str, kind: str, payload: Mapping[str, Any]) -> None:
        """One envelope to whoever is connected."""
        document = {"envelope_id": envelope, "type": kind, "payload": payload,
                    "accepts_response_payload": kind == "slash_commands"}  # fmt: skip
        self._sent[envelope] = time.monotonic()
        self._write(_TEXT, json.dumps(document).encode())

    def hang_up(self) -> None:
        """As Slack does now and then: the client has to come back by itself."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def answer(self, request: Request) -> Reply:
        """The Web API; every other path takes answers for one person alone."""
        if not request.path.endswith("apps.connections.open"):
            return Reply()
        if request.headers.get("authorization") != f"Bearer {APP_TOKEN}":
            return Reply(200, b'{"ok": false, "error": "invalid_auth"}')
        assert self._listener is not None
        port = self._listener.getsockname()[1]
        url = f"ws://127.0.0.1:{port}/link/?ticket=canary-ticket"
        return Reply(200, json.dumps({"ok": True, "url": url}).encode())

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed; the newest is spoken to."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, EOFError):
            self._greet(connection)
            self._connection = connection
            self._write(_TEXT, b'{"type": "hello", "num_connections": 1}')
            self.opened += 1
            while self._read(connection):
                pass

    def _greet(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096) or _ended()
        key = next(
            line.split(b":", 1)[1].strip()
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key:")
        )
        accept = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest())
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def _read(self, connection: socket.socket) -> bool:
        first, second = _exactly(connection, 2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", _exactly(connection, 2))
        mask = _exactly(connection, 4)
        body = bytes(
            byte ^ mask[place % 4] for place, byte in enumerate(_exactly(connection, length))
        )
        match first & 0x0F:
            case 9:
                connection.sendall(bytes([0x80 | _PONG, len(body)]) + body)
            case 8:
                return False
            case 1:
                self._note(json.loads(body))
        return True

    def _note(self, document: dict[str, Any]) -> None:
        envelope = document["envelope_id"]
        self.payloads[envelope] = document.get("payload")
        self.acknowledged[envelope] = time.monotonic() - self._sent[envelope]

    def _write(self, kind: int, body: bytes) -> None:
        assert self._connection is not None
        size = bytes([len(body)]) if len(body) < 126 else b"\x7e" + struct.pack(">H", len(body))
        self._connection.sendall(bytes([0x80 | kind]) + size + body)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += connection.recv(count - len(data)) or _ended()
    return data


def _ended() -> bytes:
    raise EOFError


@contextmanager
def running_slack() -> Iterator[SocketSlack]:
    """Slack, listening until the end of the block."""
    slack = SocketSlack()
    slack.receiver = Receiver(slack.answer)
    with running(slack.receiver), socket.create_server(("127.0.0.1", 0)) as listener:
        slack._listener = listener
        thread = threading.Thread(target=slack.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield slack
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            slack.hang_up()
            thread.join(timeout=5)
