"""Typed failures. Each says whether trying again can help, and why it failed.

The reason is also the label of the failure's metric, so it comes from a closed list and never
carries a key, a name or an amount.
"""

from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a call, a page or a job failed."""

    BUDGET_SPENT = "budget_spent"
    CIRCUIT_OPEN = "circuit_open"
    CONFIGURATION = "configuration"
    CONFLICT = "conflict"
    CREDENTIALS = "credentials"
    DEADLINE = "deadline"
    EMPTY_SOURCE = "empty_source"
    INTERNAL = "internal"
    MALFORMED = "malformed"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    SCHEMA = "schema"
    SERVER_ERROR = "server_error"
    STORE = "store"
    THROTTLED = "throttled"
    TOO_LARGE = "too_large"
    UNREACHABLE = "unreachable"
    UNSUPPORTED = "unsupported"


UNSENT = frozenset({Reason.BUDGET_SPENT, Reason.CIRCUIT_OPEN, Reason.THROTTLED})
"""Reasons for which a write certainly had no effect: it was never sent, or turned away at the door.

A connection that broke is none of them: the request may have arrived.
"""


class TieoutError(Exception):
    """Root of every error that this project raises on purpose."""

    def __init__(self, message: str, *, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        """As it crosses to another process, which would otherwise not know its reason."""
        return _revive, (type(self), self.args, self.__dict__)


class Transient(TieoutError):  # noqa: N818 - the law names it so: Transient(retry_after)
    """Trying the same again later can help.

    Attributes:
        retry_after: seconds that the other side asked us to wait; None where it did not say.
    """

    def __init__(self, message: str, *, reason: Reason, retry_after: float | None = None) -> None:
        super().__init__(message, reason=reason)
        self.retry_after = retry_after


class Permanent(TieoutError):  # noqa: N818 - the law names it so: Permanent
    """Trying the same again cannot help; somebody has to change something first."""


def _revive(kind: type[TieoutError], said: tuple[Any, ...], state: dict[str, Any]) -> TieoutError:
    error = kind.__new__(kind, *said)
    error.__dict__.update(state)
    return error
