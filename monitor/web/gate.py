"""The gate: who asks, by what a request carries."""

from fastapi import Request

from monitor.scheduler import Daemon
from monitor.web.asking import READING, Asker
from monitor.web.protection import is_on_machine


class Gate:
    """Finds out who asks; safe to use from several threads."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def who(self, request: Request) -> Asker:
        """Whoever asks."""
        here = is_on_machine(request.headers)
        return Asker(permissions=READING if here else frozenset(), is_on_machine=here)
