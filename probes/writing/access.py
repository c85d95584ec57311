"""How a writer over HTTP reaches its system: with the credential that writes, within the budget."""

from dataclasses import dataclass
from datetime import timedelta

from monitor.core.clock import Clock, TimeLimit
from monitor.core.ports import Probe
from monitor.core.writing import Receipt
from probes.engine.caller import Call, Caller, Sent
from probes.writing.answers import quoted, receipt_of


@dataclass(frozen=True, slots=True)
class Access:
    """What every writer over HTTP is given.

    Attributes:
        probe: reads with the credential for writing.
        caller: calls with it.
        deadline: for one observation, or one write.
        clock: the present.
        secrets: what must not be kept of an answer.
    """

    probe: Probe
    caller: Caller
    deadline: timedelta
    clock: Clock
    secrets: frozenset[str]

    def limit(self) -> TimeLimit:
        """The time for one observation, or one write, from now on."""
        return TimeLimit.of(self.deadline)

    def send(self, call: Call, limit: TimeLimit) -> Sent:
        """Make a write's one call; raises as `Caller.send`, and quotes refusals without secrets."""
        return self.caller.send(call, limit, quoted(self.secrets))

    def receipt_of(self, sent: Sent, native_id: str) -> Receipt:
        """What is kept of the answer to a write."""
        return receipt_of(sent.response, self.secrets | sent.secrets, native_id)
