"""What a channel would send, shown to whoever asks instead of being sent."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

from monitor.core.incidents import Message


class Measure(NamedTuple):
    """Something that the other side limits, as its documentation says."""

    what: str
    size: int
    limit: int

    @property
    def fits(self) -> bool:
        """Whether the other side takes it."""
        return self.size <= self.limit


class Draft(NamedTuple):
    """What would be sent, without secrets.

    Attributes:
        body: a document as JSON has it, or a text.
        measures: what the other side limits of it.
    """

    body: Any
    measures: tuple[Measure, ...] = ()


@runtime_checkable
class Drafting(Protocol):
    """A channel that can say what it would send."""

    def draft(self, message: Message) -> Draft:
        """What it would send of an incident for the first time."""
        ...
