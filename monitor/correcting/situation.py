"""The situation in which a plan is judged: everything that guards look at beside the plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from monitor.core.approvals import Approval
from monitor.core.corrections import Halt, Plan
from monitor.core.model import StreamId
from monitor.core.policies import CorrectionSettings, PolicySettings
from monitor.core.sight import Blindness


@dataclass(frozen=True, slots=True)
class Population:
    """How many records a stream has, and how many it had: as is usual, or until lately."""

    records: int
    usual: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What other plans wrote within the last day, or are about to.

    Attributes:
        corrections: how many, of all flows.
        transactions: of the plan's own flow, that they touch.
        money: value at risk of all of them, in the firm's currency; None where not known.
    """

    corrections: int = 0
    transactions: frozenset[str] = frozenset()
    money: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is true at one instant, as far as it matters to one plan.

    Attributes:
        now: the instant.
        settings: what holds for every correction.
        policies: of the plan's flow, by rule, as they are in force.
        policies_digest: their hash.
        transactions: of the flow.
        money: by fingerprint, value at risk in the firm's currency; of what is missing here it is
            not known.
        spent: what other plans wrote within a day.
        blind: streams that the plan rests on and that cannot be seen.
        populations: of the streams that the plan rests on and that are never empty.
        clocks: by system, how far its clock is ahead of ours; behind, where negative.
        newest: the newest of our own stamps in the store; None where there is none.
        dates: by fingerprint, of records in streams with closed periods, the date before the
            write; None where it has none.
        busy: by fingerprint, of breaks whose record somebody else is at, who that is.
        repairs: by fingerprint, how often the break was corrected within the time of `loop`.
        resting: by system that is left alone after failures, until when.
        changed: by fingerprint, of corrections that would not be planned so now, why.
        approvals: what people said of the plan.
        halt: None where the kill switch is off.
    """

    now: datetime
    settings: CorrectionSettings
    policies: Mapping[str, PolicySettings]
    policies_digest: str
    transactions: int
    money: Mapping[str, Decimal] = field(default_factory=dict)
    spent: Spent = field(default_factory=Spent)
    blind: Mapping[StreamId, Blindness] = field(default_factory=dict)
    populations: Mapping[StreamId, Population] = field(default_factory=dict)
    clocks: Mapping[str, timedelta] = field(default_factory=dict)
    newest: datetime | None = None
    dates: Mapping[str, date | None] = field(default_factory=dict)
    busy: Mapping[str, str] = field(default_factory=dict)
    repairs: Mapping[str, int] = field(default_factory=dict)
    resting: Mapping[str, datetime] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    halt: Halt | None = None


def money_at_stake(plan: Plan, money: Mapping[str, Decimal]) -> Decimal | None:
    """Value at risk of all corrections, in the firm's currency; None where one's is not known."""
    if any(each.fingerprint not in money for each in plan.corrections):
        return None
    return sum((money[each.fingerprint] for each in plan.corrections), Decimal(0))
