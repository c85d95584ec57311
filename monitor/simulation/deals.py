"""What is known of a deal before it is told, and the words that the systems have for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from monitor.simulation.rows import Account, Row

FIRST_NUMBER = 10_000
"""In the key of the first deal."""
WON = ("Closed Won", "Won")
LOST = ("Closed Lost", "Lost")
PLANNED = ("Planned", "Not Started")
ACTIVE = ("Active", "In Progress")
FINISHED = ("Completed", "Closed")
DONE = ("done", "delivered", "DONE")
CURRENCIES = ("EUR", "USD", "GBP", "CHF")
PEOPLE = ("avery", "bao", "chidi", "dana", "emre", "farah", "goran", "hana", "ines", "jun")
_HALF_CENT = Decimal("0.005")
_BILLING_RULES: tuple[tuple[str | None, str | None], ...] = (
    ("milestone", "Milestones"),
    ("fixed", "FIXED"),
    ("time_and_materials", "T&M"),
    (None, ""),
)


@dataclass(frozen=True, slots=True)
class Write:
    """A row as it is stored at some instant."""

    row: Row
    at: datetime


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal in outline.

    Attributes:
        key: its business key in the one true form.
        number: counts the deals; part of the systems' ids.
        won: whether it is going to be won.
        settled_at: nothing more happens to it from then on.
    """

    key: str
    number: int
    won: bool
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What every system should agree on, and when the deal passes from one to the next.

    Attributes:
        key: business key in the one true form.
        number: counts the deals; part of the systems' ids.
        account: the customer.
        won: whether it is going to be won.
        amount: what was sold, without tax.
        currency: ISO 4217 code.
        closed_at: won or lost.
        signed_at: contract signed, within 7 days.
        staffed_at: project in PSA, within 4 hours of signing.
        booked_at: project in ERP, within 2 hours of PSA.
        start_at: work begins.
        billing_rule: the same rule in the words of contracts and of PSA.
    """

    key: str
    number: int
    account: Account
    won: bool
    amount: Decimal
    currency: str
    closed_at: datetime
    signed_at: datetime
    staffed_at: datetime
    booked_at: datetime
    start_at: datetime
    billing_rule: tuple[str | None, str | None]

    @property
    def suffix(self) -> str:
        """The number as it stands in ids."""
        return f"{self.number:06}"


def agree_terms(
    number: int, account: Account, closed_at: datetime, *, won: bool, random: Random
) -> Terms:
    """Draw a deal in which every hand-off is in time."""
    signed_at = closed_at + timedelta(minutes=random.randrange(600, 9_600))
    staffed_at = signed_at + timedelta(seconds=random.randrange(600, 13_500))
    booked_at = staffed_at + timedelta(seconds=random.randrange(120, 6_600))
    return Terms(
        key=f"OPP-{FIRST_NUMBER + number}",
        number=number,
        account=account,
        won=won,
        amount=Decimal(random.randrange(500_000, 40_000_000)) / 100,
        currency=random.choice(CURRENCIES),
        closed_at=closed_at,
        signed_at=signed_at,
        staffed_at=staffed_at,
        booked_at=booked_at,
        start_at=booked_at + timedelta(minutes=random.randrange(60, 10_000)),
        billing_rule=random.choice(_BILLING_RULES),
    )


def spell(key: str, random: Random) -> str:
    """The key as somebody typed it; bringing it to one form gives the same again."""
    typed = (key, key, key, key.lower(), f" {key} ", f"CRM:{key}", f"crm:{key.lower()}")
    return random.choice(typed)


def canonical_key(typed: str) -> str:
    """The one true form of a typed key: no blanks around it, upper case, no prefix."""
    return typed.strip().upper().removeprefix("CRM:")


def copy_amount(amount: Decimal, random: Random) -> Decimal:
    """The amount as it arrives elsewhere: at times half a cent off, which is still equal."""
    return amount + random.choice((0, 0, 0, 0, 1, -1)) * _HALF_CENT


def split_amount(amount: Decimal, parts: int) -> list[Decimal]:
    """Equal parts in cents; the last one takes what is left, so that the sum is exact."""
    part = (amount / parts).quantize(Decimal("0.01"))
    return [part] * (parts - 1) + [amount - part * (parts - 1)]
