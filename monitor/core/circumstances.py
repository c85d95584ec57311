"""What people are told of an incident beside itself: where it is stuck, why, what could be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class HopState(StrEnum):
    """How far a hand-off of one deal has come."""

    DONE = "done"
    AWAITED = "awaited"
    LATE = "late"
    MISSING = "missing"
    NOT_STARTED = "not_started"
    UNKNOWN = "unknown"


class Step(NamedTuple):
    """One place on a deal's way.

    Attributes:
        place: the stream, as people call its system.
        state: whether the deal has come there; missing with a record is there and wrong.
        at: when it did, or since when it should have; None where nothing says.
        record: identifier of what stands there; empty where nothing does.
    """

    place: str
    state: HopState
    at: datetime | None = None
    record: str = ""


class Cause(NamedTuple):
    """What can be said of the reason, as it was worked out when the incident was first shown.

    Attributes:
        likely: what introduced it, in a sentence or two; empty where nothing is known.
        shared: what it shares with others beyond chance; empty where nothing stands out.
        remedy: what to do about it, in one sentence.
    """

    likely: str = ""
    shared: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that would repair the incident's worst break, or is doing so.

    Attributes:
        plan: short name of the plan.
        state: where it is, in one word.
        changes: what would be written, before and after, one line each; of this incident alone.
        others: how many further corrections the plan has.
        at_stake: money at risk in those changes, by currency.
        approvers: who may approve; empty where it needs nobody.
        expires_at: after that it cannot be approved.
        link: its page; empty where no public address is configured.
        hash: of the plan, by which what is said of it is bound to what it would do.
        is_whole: whether `changes` are all that the plan would do.
    """

    plan: str
    state: str
    changes: tuple[str, ...]
    others: int
    at_stake: Mapping[str, Decimal]
    approvers: tuple[str, ...]
    expires_at: datetime
    link: str = ""
    hash: str = ""
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All of that, of the incident's worst break.

    Attributes:
        deal: business key of the deal that the way is of; empty where the incident is about none.
        way: where the deal is; empty where it is not known.
        cause: why.
        proposal: what would repair it; None where nothing stands.
        repaired_by: what did repair it, in one sentence; empty where nothing of ours did.
        dashboard, runbook: where to look further; empty where none is configured.
    """

    deal: str = ""
    way: tuple[Step, ...] = ()
    cause: Cause = field(default_factory=Cause)
    proposal: Proposal | None = None
    repaired_by: str = ""
    dashboard: str = ""
    runbook: str = ""
