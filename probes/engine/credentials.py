"""What a request carries to say who asks, and how it is had anew. Never shown, never logged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Protocol

from monitor.core.clock import Clock, TimeLimit


@dataclass(frozen=True, slots=True)
class Credentials:
    """What goes with a request."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """What must not be seen where the other side repeats it."""
        texts = (*self.headers.values(), *(value for _, value in self.params))
        return frozenset({*texts, *(text.partition(" ")[2] for text in texts)} - {""})


class Authenticator(Protocol):
    """Provides credentials. May be used by several threads at a time."""

    def credentials(self, time_limit: TimeLimit) -> Credentials:
        """What the next request needs; may call the system to get it."""
        ...

    def renew(self, refused: Credentials) -> bool:
        """Forget credentials that were refused; whether others can be had."""
        ...


@dataclass(frozen=True, slots=True)
class FixedCredentials:
    """Credentials that never change."""

    fixed: Credentials

    def credentials(self, time_limit: TimeLimit) -> Credentials:
        """Always the same."""
        return self.fixed

    def renew(self, refused: Credentials) -> bool:
        """There are no others."""
        return False


@dataclass(frozen=True, slots=True)
class Token:
    """Credentials that were given for a time; `expires_at` None: until they are refused."""

    credentials: Credentials
    expires_at: datetime | None


class TokenAuthenticator:
    """Obtains a token once for all threads, and again when it has expired or was refused."""

    def __init__(self, obtain: Callable[[TimeLimit], Token], clock: Clock) -> None:
        self._obtain = obtain
        self._clock = clock
        self._lock = Lock()
        self._token: Token | None = None

    def credentials(self, time_limit: TimeLimit) -> Credentials:
        """Those of the current token, or of a new one."""
        with self._lock:
            if self._token is None or self._is_over(self._token):
                self._token = self._obtain(time_limit)
            return self._token.credentials

    def renew(self, refused: Credentials) -> bool:
        """Drop the token, unless another thread has already replaced it."""
        with self._lock:
            if self._token is not None and self._token.credentials is refused:
                self._token = None
        return True

    def _is_over(self, token: Token) -> bool:
        return token.expires_at is not None and self._clock() >= token.expires_at
