"""One measured ratio, and how it is printed."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio against something measured in the same minute.

    Attributes:
        name: what against what.
        ratio: the figure.
        aim: what it should be, as people read it.
        detail: the figures behind it, and how they were taken.
    """

    name: str
    ratio: float
    aim: str
    detail: str

    def __str__(self) -> str:
        return f"{self.ratio:7.2f}  aim {self.aim:<8} {self.name}  ({self.detail})"


def free_port() -> int:
    """A port of loopback that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
