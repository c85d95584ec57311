"""A conversation that remembers what it shows, and a small firm whose people read it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from monitor.core.breaks import Severity
from monitor.core.errors import TieoutError
from monitor.core.incidents import Event, Message, Told
from monitor.core.telling import IncidentSettings
from monitor.jobs import sample_stream, settle_cycle
from monitor.store.database import Database
from tests.cycle.small_firm import SmallFirm


@dataclass
class Post:
    """One message as a reader sees it now, and its thread."""

    key: str
    shown: Message
    thread: list[Event] = field(default_factory=list)
    edits: int = 0


class Board:
    """Posts in the order in which they came; the failures given to it come first, one a call.

    With `takes_first`, a failure comes after the effect: the answer is lost, not the message.
    With `again`, it has to hear the same after that time.
    """

    def __init__(self, *, can_tell: bool = True) -> None:
        self.posts: list[Post] = []
        self.failures: list[TieoutError] = []
        self.takes_first = False
        self.can_tell = can_tell
        self.again: timedelta | None = None

    def tell(self, message: Message, told: Told | None) -> Told:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None and not self.takes_first:
            raise failure
        done = self._show(message, told)
        if failure is not None:
            raise failure
        return done

    def _show(self, message: Message, told: Told | None) -> Told:
        if told is None:
            self.posts.append(Post(message.key, message))
            return Told(str(len(self.posts) - 1), len(message.history), self.again)
        post = self.posts[int(told.reference)]
        post.shown = message
        post.edits += 1
        post.thread += message.history[told.events :]
        is_over = message.incident.resolved_at is not None
        return Told(told.reference, len(message.history), None if is_over else self.again)

    def find(self, message: Message) -> Told | None:
        for number, post in enumerate(self.posts):
            if self.can_tell and post.key == message.key:
                return Told(str(number), len(post.shown.history))
        return None

    def close(self) -> None:
        self.failures = []

    def titles(self) -> list[str]:
        return [post.shown.title for post in self.posts]


def watched_firm(
    database: Database, severity: Severity = Severity.WARNING, **settings: object
) -> tuple[SmallFirm, Board]:
    """A small firm whose breaks are shown on a board."""
    firm, board = SmallFirm(database, severity=severity), Board()
    incidents = IncidentSettings.model_validate(settings)
    firm.estate = replace(firm.estate, channels={"people": board}, incidents=incidents)
    return firm, board


def look(firm: SmallFirm) -> None:
    """Sample everything and settle what changed."""
    for stream in firm.estate.sources:
        sample_stream(firm.estate, firm.runtime, stream)
    settle_cycle(firm.estate, firm.runtime)
