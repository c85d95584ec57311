"""What happened to a target that is written to, and what can go wrong on the way."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from tests.servers import Fault, Reply

Row = dict[str, Any]


class Mishap(StrEnum):
    """What goes wrong with a write."""

    LOST = "lost"
    """It happens, and the connection breaks without an answer."""
    CUT = "cut"
    """It happens, and half of the answer arrives."""
    TWICE = "twice"
    """It happens, and the answer arrives two times."""
    DELAYED = "delayed"
    """It happens at once, and the answer comes late."""
    FAILED = "failed"
    """It happens, and 503 is answered."""
    LATE = "late"
    """It happens late, when the caller may have gone."""
    REPEATED = "repeated"
    """The request comes two times, as a proxy may send it."""
    UNHEARD = "unheard"
    """It does not happen, and the connection breaks without an answer."""
    BUSY = "busy"
    """It does not happen, and 429 is answered."""
    REFUSED = "refused"
    """It does not happen, and 422 is answered."""


WITHOUT_EFFECT: Final[Mapping[Mishap, Reply]] = {
    Mishap.UNHEARD: Reply(fault=Fault.DROPPED),
    Mishap.BUSY: Reply({"error": "slow down"}, status=429, headers={"Retry-After": "0"}),
    Mishap.REFUSED: Reply({"error": "not like this"}, status=422),
}
_FAULTS: Final[Mapping[Mishap, Fault]] = {
    Mishap.LOST: Fault.DROPPED,
    Mishap.CUT: Fault.CUT,
    Mishap.TWICE: Fault.TWICE,
}


def spoilt(reply: Reply, mishap: Mishap) -> Reply:
    """What arrives of an answer."""
    if mishap is Mishap.FAILED:
        return Reply({"error": "try again"}, status=503)
    return Reply(reply.body, reply.status, reply.headers, _FAULTS.get(mishap, Fault.NONE))


@dataclass(frozen=True)
class Effect:
    """One change that happened.

    Attributes:
        number: in order, from 1.
        operation: create, update, delete or trigger.
        place: collection and id, or the flow's path.
        key: the request's idempotency key; empty where it had none.
        before, after: the row, as far as there is one; of a trigger, what was sent.
    """

    number: int
    operation: str
    place: str
    key: str
    before: Row | None
    after: Row | None


def doubled(ledger: Sequence[Effect]) -> list[str]:
    """Idempotency keys under which more than one thing happened."""
    counts = Counter(effect.key for effect in ledger if effect.key)
    return [key for key, count in counts.items() if count > 1]
