"""A mail server on loopback that keeps what it is sent, or answers as it is told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What arrived, and answers still to give: to `DATA` by code, or `drop` to hang up."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused_login: bool = False


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        super().__init__(("127.0.0.1", 0), _Handler)
        mailbox.port = self.server_address[1]


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 5

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            word = bytes(line.split()[0].upper()) if line.split() else b""
            if word == b"DATA":
                if not self._take():
                    return
            else:
                self._say(self._answer(word))
            if word == b"QUIT":
                return

    def _answer(self, word: bytes) -> str:
        if word in (b"EHLO", b"HELO"):
            return "250-here\r\n250 AUTH PLAIN"
        if word == b"AUTH":
            return "535 no" if self.server.mailbox.refused_login else "235 welcome"
        return "221 bye" if word == b"QUIT" else "250 ok"

    def _take(self) -> bool:
        """Take a mail in; False where the connection is hung up."""
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        mailbox = self.server.mailbox
        answer = mailbox.answers.pop(0) if mailbox.answers else "250 taken"
        if answer == "drop":
            return False
        if answer.startswith("250"):
            mail = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            mailbox.mails.append(mail)
        self._say(answer)
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[Mailbox]:
    """The server, listening until the end of the block."""
    with _Server(mailbox) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
