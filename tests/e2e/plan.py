"""What the estate holds and what is wrong in it: planned here from a seed, loaded by others.

Everything is a value of the seed and of the day, so the ledger of planted faults is exact. The
documents travel to the loading script as JSON, amounts as text.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.e2e.deals import CUSTOMERS, Deal, Fault, Line, Stage, plan_deals

SEED = 20


@dataclass(frozen=True, slots=True, order=True)
class Planted:
    """One fault, in the words in which tieout must report it."""

    deal: str
    kind: str
    system: str
    field: str = ""


EXPECTED: dict[Fault, tuple[str, str, str]] = {
    Fault.NO_PROJECT: ("missing", "psa", ""),
    Fault.NO_SALE: ("missing", "erp", ""),
    Fault.NO_INVOICE: ("missing", "erp", ""),
    Fault.SECOND_PROJECT: ("duplicate", "psa", ""),
    Fault.WRONG_AMOUNT: ("mismatch", "erp", "amount"),
    Fault.LOST_BUT_RUNNING: ("contradiction", "psa", "status"),
    Fault.REJECTED_MESSAGE: ("dead_letter", "middleware", ""),
    Fault.EXPIRED_MESSAGE: ("dead_letter", "middleware", ""),
}

ORPHANS = ("DEAL-9001", "DEAL-9002", "DEAL-9003", "DEAL-9004")
"""Keys that no opportunity has: three sales and one invoice carry them."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the middleware; `end` is how it left its work queue."""

    deal: str
    message_id: str
    end: str


@dataclass(frozen=True, slots=True)
class Estate:
    """Documents by system, messages, and the ledger of what is wrong in them."""

    deals: tuple[Deal, ...]
    documents: dict[str, dict[str, object]]
    messages: tuple[Message, ...]
    ledger: tuple[Planted, ...]

    @property
    def dead_letters(self) -> int:
        """How many messages end in the dead-letter queue."""
        return sum(message.end != "consumed" for message in self.messages)

    def with_fault(self, fault: Fault | None, stage: Stage = Stage.WON) -> list[Deal]:
        """The deals of a stage that carry this fault, or none."""
        return [deal for deal in self.deals if deal.fault is fault and deal.stage is stage]


def _retyped(key: str, number: int) -> str:
    """The key as people write it: decoys that are no faults once normalised."""
    forms = (key, key, key, key.lower(), key.replace("-", " "), f"REF {key}", f"crm/{key}")
    return forms[number % len(forms)]


def _opportunity(deal: Deal) -> dict[str, object]:
    state = "converted" if deal.stage in (Stage.WON, Stage.JUST_WON) else str(deal.stage)
    return {
        "reference": deal.key.lower() if deal.number % 23 == 0 else deal.key,
        "description": deal.title,
        "customer": deal.customer,
        "currency": deal.currency,
        "amount": str(deal.amount),
        "start_date": (deal.closed_on - timedelta(days=120)).isoformat(),
        "end_date": deal.closed_on.isoformat(),
        "state": state,
    }


def _projects(deal: Deal) -> Iterator[dict[str, object]]:
    name = f"{_retyped(deal.key, deal.number)} {deal.title}"
    project = {"name": name, "customer": deal.customer, "tasks": ["Plan", "Build"]}
    match deal.stage:
        case Stage.WON if deal.fault is not Fault.NO_PROJECT:
            done = deal.fault is None and deal.number % 5 == 0
            yield {**project, "status": "Done" if done else "Open"}
            if deal.fault is Fault.SECOND_PROJECT:
                yield {**project, "name": f"{deal.key}: {deal.title} (replayed)", "status": "Open"}
        case Stage.JUST_WON if deal.number % 3 == 0:
            yield {**project, "status": "Open"}
        case Stage.LOST if deal.fault is Fault.LOST_BUT_RUNNING:
            yield {**project, "status": "Open"}
        case Stage.LOST if deal.number % 3 == 0:
            yield {**project, "status": "Done"}


def _sale(deal: Deal, lines: Sequence[Line], status: str, invoice: str) -> dict[str, object]:
    return {
        "reference": _retyped(deal.key, deal.number + 3),
        "customer": deal.customer,
        "currency": deal.currency,
        "sale_date": (deal.closed_on + timedelta(days=1)).isoformat(),
        "status": status,
        "invoice": invoice,
        "lines": [
            {
                "description": line.description,
                "quantity": str(line.quantity),
                "unit_price": str(line.unit_price),
            }
            for line in lines
        ],
    }


def _wrong(deal: Deal) -> tuple[Line, ...]:
    """Amounts retyped wrongly, down to a single cent."""
    first, second = deal.lines
    off = (Decimal("0.01"), Decimal("-0.01"), Decimal("900.00"), Decimal("1000.10"))
    price = second.unit_price + off[deal.number % len(off)]
    return first, Line(second.description, second.quantity, price)


def _sales(deal: Deal) -> Iterator[dict[str, object]]:
    """Quotations may still be corrected; what is processing has its invoice, draft or posted."""
    if deal.is_quoted:
        lines = _wrong(deal) if deal.fault is Fault.WRONG_AMOUNT else deal.lines
        yield _sale(deal, lines, "quotation", "none")
    elif deal.fault is Fault.NO_INVOICE:
        yield _sale(deal, deal.lines, "processing", "none")
    elif deal.stage is Stage.WON and deal.fault is not Fault.NO_SALE:
        yield _sale(deal, deal.lines, "processing", "posted" if deal.number % 2 else "draft")
    if deal.stage is Stage.WON and deal.number % 17 == 0:
        yield _sale(deal, _wrong(deal), "cancelled", "none")


def _orphans(deals: Sequence[Deal]) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    pattern = deals[0]
    documents = [
        {**_sale(pattern, pattern.lines, "quotation", "none"), "reference": key} for key in ORPHANS
    ]
    return documents[:-1], documents[-1:]


def _messages(deal: Deal) -> Iterator[Message]:
    if deal.stage not in (Stage.WON, Stage.JUST_WON):
        return
    end = {Fault.REJECTED_MESSAGE: "rejected", Fault.EXPIRED_MESSAGE: "expired"}
    told = end.get(deal.fault, "consumed") if deal.fault else "consumed"
    yield Message(deal.key, f"msg-{deal.number:04}-project", told)


def _ledger(deals: Sequence[Deal]) -> list[Planted]:
    planted = [Planted(deal.key, *EXPECTED[deal.fault]) for deal in deals if deal.fault]
    return sorted([*planted, *(Planted(key, "orphan", "erp") for key in ORPHANS)])


def plan_estate(today: date, seed: int = SEED) -> Estate:
    """Plan the whole estate for one day.

    Args:
        today: deals in flight were won at most two days before it.
        seed: everything else follows from it.
    """
    chance = random.Random(seed)
    deals = tuple(plan_deals(today, chance))
    orphan_sales, orphan_invoices = _orphans(deals)
    documents: dict[str, dict[str, object]] = {
        "crm": {"opportunities": [_opportunity(deal) for deal in deals]},
        "psa": {"projects": [row for deal in deals for row in _projects(deal)]},
        "erp": {
            "sales": [*(row for deal in deals for row in _sales(deal)), *orphan_sales],
            "invoices": orphan_invoices,
        },
    }
    for document in documents.values():
        document["customers"] = list(CUSTOMERS)
    messages = tuple(message for deal in deals for message in _messages(deal))
    return Estate(deals, documents, messages, tuple(_ledger(deals)))
