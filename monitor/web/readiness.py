"""Whether the store takes writes, asked in a bounded time whatever state it is in."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from monitor.core.errors import Reason, TieoutError

PATIENCE = 2.0
"""Seconds; less than those who ask are used to wait."""


class Readiness:
    """Asks one question at a time: while an answer is out, nobody asks again.

    Args:
        check: writes to the store; raises TieoutError where it cannot.
        patience: seconds after which no answer is an answer.
    """

    def __init__(self, check: Callable[[], None], patience: float = PATIENCE) -> None:
        self._check = check
        self._patience = patience
        self._asker = ThreadPoolExecutor(1)
        self._asked: Future[None] | None = None
        self._lock = threading.Lock()

    def failure(self) -> Reason | None:
        """Why the store takes no writes; None if it does."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._asker.submit(self._check)
            asked = self._asked
        try:
            asked.result(self._patience)
        except TieoutError as error:
            return error.reason
        except TimeoutError:
            return Reason.STORE
        return None
