"""An intermediary on loopback between tieout and the system that it writes to.

Reads pass as they are. What becomes of a write is asked for: lost, late, or sent two times, as
proxies and queues do that try again by themselves. What is late is held until somebody lets go of
it, so that no test has to wait.
"""

import http.client
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from threading import Event, Lock
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from tests.servers import Fault, Reply, Request, ScriptedServer

_ITS_OWN: Final = frozenset({"connection", "transfer-encoding", "content-length", "date", "host"})
"""Headers of one connection, which are not passed on."""

_LONGEST: Final = 10.0
"""Seconds; nothing is held longer, whatever happens."""


class Passage(StrEnum):
    """What becomes of a write on its way."""

    REQUEST_LOST = "request lost"
    """It never arrives, and the connection breaks."""
    REQUEST_LATE = "request late"
    """The connection breaks; it arrives when it is let go, while it is still looked for."""
    REQUEST_VERY_LATE = "request very late"
    """The same, when it has been given up."""
    REPLY_LOST = "reply lost"
    """It arrives, and the connection breaks without an answer."""
    REPLY_LATE = "reply late"
    """It arrives, and the answer comes when whoever asked has given up."""
    SENT_TWICE = "sent twice"
    """It arrives two times; the first answer is passed on."""
    SENT_TWICE_LAST = "sent twice, last answer"
    """It arrives two times; the first answer is taken for lost, and the second passed on."""


class Intermediary:
    """Passes requests on to a target.

    Attributes:
        passages: what becomes of the next writes.
        met: what became of those that came, without those that simply passed.
        held: set once an answer is held.
    """

    def __init__(self, target: Callable[[], str]) -> None:
        """Stand before a target.

        Args:
            target: its address.
        """
        self.passages: deque[Passage | None] = deque()
        self.met: list[Passage] = []
        self.held = Event()
        self._target = target
        self._late: list[tuple[Passage, Request]] = []
        self._gone = Event()
        self._lock = Lock()
        self._server = ScriptedServer({}, self._answer)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._gone.set()
        self._server.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._server.url

    def expect(self, *passages: Passage | None) -> None:
        """Forget what was planned and held, and let this become of the next writes."""
        with self._lock:
            self.passages, self.met, self._late = deque(passages), [], []
            self.held, self._gone = Event(), Event()

    def let_go(self, *passages: Passage) -> None:
        """Deliver what is late in these ways, and answer whoever still listens."""
        with self._lock:
            due = [request for passage, request in self._late if passage in passages]
            self._late = [each for each in self._late if each[0] not in passages]
            self._gone.set()
            self._gone = Event()
        for request in due:
            self._pass_on(request)

    def _answer(self, request: Request) -> Reply:
        with self._lock:
            is_write = request.method != "GET"
            passage = self.passages.popleft() if is_write and self.passages else None
            gone = self._gone
            if passage is not None:
                self.met.append(passage)
            if passage in (Passage.REQUEST_LATE, Passage.REQUEST_VERY_LATE):
                self._late.append((passage, request))
            if passage is Passage.REPLY_LATE:
                self.held.set()
        match passage:
            case None:
                return self._pass_on(request)
            case Passage.REQUEST_LOST | Passage.REQUEST_LATE | Passage.REQUEST_VERY_LATE:
                return Reply(fault=Fault.DROPPED)
            case Passage.REPLY_LOST:
                self._pass_on(request)
                return Reply(fault=Fault.DROPPED)
            case Passage.REPLY_LATE:
                reply = self._pass_on(request)
                gone.wait(_LONGEST)
                return reply
            case Passage.SENT_TWICE | Passage.SENT_TWICE_LAST:
                first, last = self._pass_on(request), self._pass_on(request)
                return first if passage is Passage.SENT_TWICE else last

    def _pass_on(self, request: Request) -> Reply:
        address = urlsplit(self._target())
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        headers = {name: each for name, each in request.headers.items() if name not in _ITS_OWN}
        try:
            connection.request(request.method, request.target, request.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        kept = {name: each for name, each in answer.getheaders() if name.lower() not in _ITS_OWN}
        return Reply(body, answer.status, kept)
