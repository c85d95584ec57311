"""One queue of RabbitMQ, over the management API."""

from collections.abc import Mapping
from datetime import timedelta
from threading import RLock
from typing import Any, Final
from urllib.parse import quote

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, Transient
from probes.engine.caller import Call, Caller

COUNTS_LAG: Final = timedelta(seconds=5)
"""How old the broker's counts may be (`collect_statistics_interval`)."""

Message = Mapping[str, Any]
"""As the API shows it."""


def path_of(*parts: str) -> str:
    """Parts of a path, each of them one segment."""
    return "/".join(quote(part, safe="") for part in parts)


class ManagedQueue:
    """Reads the messages of a queue, and leaves them in it.

    Attributes:
        one_at_a_time: held by whoever reads or takes: each would see only what the other left.
    """

    def __init__(self, caller: Caller, vhost: str, name: str, lock: RLock) -> None:
        """Get ready to read.

        Args:
            caller: to the API.
            vhost: virtual host.
            name: of the queue.
            lock: see `one_at_a_time`; the same for every reader of it.
        """
        self.name = name
        self.path = f"queues/{path_of(vhost, name)}"
        self.one_at_a_time = lock
        self._caller = caller

    def read(self, most: int, limit: TimeLimit) -> list[Message]:
        """Every message, in order.

        Raises:
            Permanent: there are more than `most`.
            Transient: somebody else holds some of them.
        """
        with self.one_at_a_time:
            messages = self.peek(most + 1, limit)
        if len(messages) > most:
            raise Permanent(
                f"queue '{self.name}' holds more than {most} messages;"
                " raise 'max_messages', or empty it",
                reason=Reason.TOO_LARGE,
            )
        (state,) = objects([self._caller.call(Call("GET", self.path), limit).json_rows()])
        if len(messages) < count_of(state):
            raise Transient(
                f"queue '{self.name}' showed {len(messages)} of {count_of(state)} messages:"
                " somebody else holds the rest, or the broker's count lags",
                reason=Reason.MALFORMED,
                retry_after=COUNTS_LAG.total_seconds(),
            )
        return messages

    def peek(self, count: int, limit: TimeLimit) -> list[Message]:
        """So many messages from the head of the queue, which are put back."""
        body = {"count": count, "ackmode": "ack_requeue_true", "encoding": "auto"}
        taken = Call("POST", f"{self.path}/get", body=body, repeatable=True)
        return objects(self._caller.call(taken, limit).json_rows())


def objects(document: Any) -> list[Mapping[str, Any]]:
    """The objects of a list.

    Raises:
        Permanent: it is none.
    """
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise Permanent("the broker's answer is no list of objects", reason=Reason.SCHEMA)
    return document


def count_of(queue: Mapping[str, Any]) -> int:
    """How many messages are in a queue, taken but not yet acknowledged ones included.

    Raises:
        Transient: the broker cannot say yet.
    """
    count = queue.get("messages")
    if not isinstance(count, int):
        raise Transient(
            "the broker has no counts yet, as just after a restart", reason=Reason.SERVER_ERROR
        )
    return count
