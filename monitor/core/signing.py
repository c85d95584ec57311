"""How evidence is signed, and where what was signed is held beside the store."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from pydantic import Field

from monitor.core.streams import Duration, Settings

Statement = Mapping[str, Any]
"""A signed statement: texts and whole numbers by name, its `signature` among them."""


class EvidenceSettings(Settings):
    """How evidence is signed, and where signed heads of the audit log are held too."""

    keys: str
    """Folder of the signing keys; relative to where tieout runs, as a store's file is. Nobody but
    tieout should be able to read it."""
    heads: str = ""
    """File to which every signed head is added: best on another machine's disk, where whoever can
    write to the store cannot write. Empty: nowhere."""
    every: Duration = Field(default=timedelta(hours=1), ge=timedelta(seconds=1))
    """How often the head is signed, where entries came since the last time."""


class HeadKeeper(Protocol):
    """Holds signed heads where the store's owner cannot change them."""

    def keep(self, heads: Sequence[Statement]) -> None:
        """Bring it to hold all of these, the oldest first; it may hold some of them already.

        Raises:
            Transient, Permanent: it cannot.
        """
        ...
