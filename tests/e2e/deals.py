"""The deals of the estate: how far each has come, and which fault was planted on it.

Everything is a value of the chance and of the day that are given.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum


class Stage(StrEnum):
    """How far a deal has come, as the firm would say it."""

    LEAD = "lead"
    OPPORTUNITY = "opportunity"
    LOST = "lost"
    CANCELLED = "cancelled"
    JUST_WON = "just_won"
    WON = "won"


class Fault(StrEnum):
    """What was planted on a deal."""

    NO_PROJECT = "no_project"
    NO_SALE = "no_sale"
    NO_INVOICE = "no_invoice"
    SECOND_PROJECT = "second_project"
    WRONG_AMOUNT = "wrong_amount"
    LOST_BUT_RUNNING = "lost_but_running"
    REJECTED_MESSAGE = "rejected_message"
    EXPIRED_MESSAGE = "expired_message"


COUNTS: dict[Fault, int] = {
    Fault.NO_PROJECT: 4,
    Fault.NO_SALE: 3,
    Fault.NO_INVOICE: 3,
    Fault.SECOND_PROJECT: 4,
    Fault.WRONG_AMOUNT: 4,
    Fault.LOST_BUT_RUNNING: 4,
    Fault.REJECTED_MESSAGE: 2,
    Fault.EXPIRED_MESSAGE: 2,
}

STAGES: dict[Stage, int] = {
    Stage.LEAD: 12,
    Stage.OPPORTUNITY: 22,
    Stage.LOST: 20,
    Stage.CANCELLED: 6,
    Stage.JUST_WON: 20,
    Stage.WON: 120,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sale: hours at a rate, or a fixed price."""

    description: str
    quantity: Decimal
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        """Exact to the cent by construction."""
        return (self.quantity * self.unit_price).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal as the CRM tells it, with the fault that it carries."""

    number: int
    stage: Stage
    title: str
    customer: str
    currency: str
    closed_on: date
    lines: tuple[Line, ...]
    fault: Fault | None

    @property
    def key(self) -> str:
        """The business key in its one form."""
        return f"DEAL-{self.number:04}"

    @property
    def amount(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal())

    @property
    def is_quoted(self) -> bool:
        """Whether the ERP holds a quotation for it, which may still be changed."""
        match self.stage, self.fault:
            case Stage.WON, Fault.WRONG_AMOUNT:
                return True
            case Stage.WON, Fault.NO_SALE | Fault.NO_INVOICE:
                return False
            case Stage.WON, _:
                return self.number % 4 == 0
            case _:
                return self.stage is Stage.JUST_WON and self.number % 3 == 1


CUSTOMERS = tuple(
    f"{name} {form}"
    for name in ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine")
    for form in ("Bank", "Logistics", "Energy")
)
_WORK = ("Ledger migration", "Data platform", "Claims portal", "Audit support", "Rollout")


def _lines(chance: random.Random) -> tuple[Line, ...]:
    hours = Decimal(chance.randrange(40, 1200)) / 2
    fixed = Decimal(chance.randrange(50_000, 9_000_000)) / 100
    return (
        Line("Consulting hours", hours, Decimal(chance.randrange(90, 260))),
        Line("Fixed price work package", Decimal(1), fixed),
    )


def _stages_and_faults(chance: random.Random) -> list[tuple[Stage, Fault | None]]:
    won: list[Fault | None] = [
        fault
        for fault, count in COUNTS.items()
        for _ in range(count)
        if fault is not Fault.LOST_BUT_RUNNING
    ]
    faults: dict[Stage, list[Fault | None]] = {
        Stage.WON: won,
        Stage.LOST: [Fault.LOST_BUT_RUNNING] * COUNTS[Fault.LOST_BUT_RUNNING],
    }
    slots: list[tuple[Stage, Fault | None]] = []
    for stage, count in STAGES.items():
        planted = faults.get(stage, [])
        slots += [(stage, fault) for fault in planted]
        slots += [(stage, None)] * (count - len(planted))
    chance.shuffle(slots)
    return slots


def _closed_on(stage: Stage, today: date, chance: random.Random) -> date:
    if stage is Stage.JUST_WON:
        return today - timedelta(days=chance.randrange(3))
    if stage in (Stage.LEAD, Stage.OPPORTUNITY):
        return today + timedelta(days=chance.randrange(10, 90))
    return today - timedelta(days=chance.randrange(45, 100))


def plan_deals(today: date, chance: random.Random) -> Iterator[Deal]:
    """Every deal, in the order of its number.

    Args:
        today: deals in flight were won at most two days before it.
        chance: everything else follows from it.
    """
    for number, (stage, fault) in enumerate(_stages_and_faults(chance), start=1):
        yield Deal(
            number=number,
            stage=stage,
            title=chance.choice(_WORK),
            customer=chance.choice(CUSTOMERS),
            currency=chance.choice(("EUR", "EUR", "EUR", "USD")),
            closed_on=_closed_on(stage, today, chance),
            lines=_lines(chance),
            fault=fault,
        )
