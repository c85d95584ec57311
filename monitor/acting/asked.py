"""Asked: what somebody wants done, and what they saw when they asked for it.

People act on what was shown to them. Where that is no longer so, nothing is done, and whoever asked
hears who did what in the meantime.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.core.clock import Clock
from monitor.core.people import Person
from monitor.estate import Estate
from monitor.store.database import Database


@dataclass(frozen=True, slots=True)
class Shown:
    """What an act is about, as it stood when it was shown; empty what is not asked of it.

    Attributes:
        incident: its number.
        holder: who looked after the incident; empty where nobody did.
        plan: the whole hash of a plan.
        breaks: fingerprints of breaks, or the starts that people read.
        correction: its number.
        ignore: its number.
        pair: two records, each as `system.stream/native id`.
        report: its number.
    """

    incident: int = 0
    holder: str = ""
    plan: str = ""
    breaks: tuple[str, ...] = ()
    correction: int = 0
    ignore: int = 0
    pair: tuple[str, str] = ("", "")
    report: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants done.

    Attributes:
        person: who.
        shown: about what.
        place: where they said so, as `in Slack`; the audit log gives it as the reason of a decision
            for which nobody was asked one.
        reason: why, in their words; empty where they gave none.
        until: for how long; None where that was not asked.
        chosen: whom they chose; None where nobody, or somebody unknown.
    """

    estate: Estate
    database: Database
    clock: Clock
    person: Person
    shown: Shown
    place: str
    reason: str = ""
    until: datetime | None = field(default=None)
    chosen: Person | None = None

    @property
    def why(self) -> str:
        """Their reason, or where they said so."""
        return self.reason.strip() or self.place

    @property
    def lasts(self) -> timedelta:
        """How long it holds that somebody looks after an incident."""
        return self.estate.incidents.acknowledged_for


Deed = Callable[[Asked], str]
"""Does it and says what came of it.

Raises:
    Permanent: it may not be, and why; nothing was done.
    Transient: the store or a system failed; nothing was done.
"""
