"""What a source has to do for the contract test; one small class for each probe."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

CANARY = "canary-c0ffee42"
"""Stands wherever the settings take a secret, and must never be seen again."""


@dataclass(frozen=True)
class Row:
    """One row of the source.

    Attributes:
        id: native id, digits.
        deal: key that it refers to, in a form that needs normalising to `deal.upper()`.
        name: text field.
        modified_at: stamp, aware UTC, to the whole second.
    """

    id: str
    deal: str
    name: str
    modified_at: datetime


class Source(Protocol):
    """A server, a database or a folder with one stream `project`.

    Its settings map `name` to `name`, refer to `deal`, have a cursor where the source has stamps,
    and declare everything that the probe is able to do.
    """

    settings: dict[str, Any]
    """The system as a landscape would describe it."""

    def write(self, rows: Sequence[Row]) -> None:
        """Make these the whole content."""
        ...

    def spoil(self) -> None:
        """Add one row that cannot become a record."""
        ...

    def fail(self) -> None:
        """Stop to work, as a source does that is down or damaged."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
