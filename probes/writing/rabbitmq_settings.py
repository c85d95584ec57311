"""How dead letters are replayed, as the landscape says it beside how they are read."""

from typing import Literal

from pydantic import Field, SecretStr

from monitor.core.streams import Settings


class RabbitCredential(Settings):
    """Who tieout is when it writes; somebody else than when it reads."""

    user: str
    password: SecretStr


class RabbitReplay(Settings):
    """A dead letter is published once more and then taken from its queue."""

    to: Literal["exchange", "queue"] = "exchange"
    """`exchange`: to the exchange and routing key that it was published with, and so to every queue
    bound there; `queue`: only to the queue in which it died, under that queue's name."""
    most_moved: int = Field(default=100, ge=0, le=10_000)
    """The API takes messages from the head of a queue only: so many that stand before the one are
    moved to the end of their queue at most, each copied before it is taken."""


class RabbitWriting(Settings):
    """What can be done with the messages of a queue."""

    replay: RabbitReplay
