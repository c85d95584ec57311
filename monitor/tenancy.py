"""An estate in use: let go of when it has ended and the last job that works with it has too."""

import threading
from collections.abc import Callable
from typing import Any

from monitor.estate import Estate


class Tenancy:
    """Lends an estate to jobs. A reload ends it without pulling it from under those at work."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._at_work = 0
        self._ended = False
        self._lock = threading.Lock()

    def lend(self, job: Callable[..., Any], *arguments: Any) -> None:
        """Run a job with the estate as its first argument; not at all once this has ended."""
        with self._lock:
            if self._ended:
                return
            self._at_work += 1
        try:
            job(self.estate, *arguments)
        finally:
            with self._lock:
                self._at_work -= 1
                is_over = self._ended and not self._at_work
            if is_over:
                self.estate.close()

    def end(self) -> None:
        """Begin no more jobs; connections are let go of when those at work have ended."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            is_over = not self._at_work
        if is_over:
            self.estate.close()
