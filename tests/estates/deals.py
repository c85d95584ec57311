"""The deals of a generated estate: what happened in each, and what went wrong.

Everything is an array with one entry a deal. At most one thing goes wrong with the hand-offs and
values of a deal, so that the truth is exact by construction; messages and change orders go wrong
by themselves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, auto
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

AS_OF = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
"""The instant at which the estate is looked at, in seconds since 1970."""

YEAR, DAY, HOUR, MINUTE = 365 * 86_400, 86_400, 3_600, 60
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "INR", "SEK")
OFFSETS = (0, 60, 120, -300, 330)
"""Minutes east of UTC at which the PSA writes its local times."""

UNIT = 10_000
"""Money is counted in ten-thousandths, as Decimal(18, 4) does."""


class Fault(IntEnum):
    """What is wrong with a deal."""

    NONE = 0
    QUOTE_AMOUNT = auto()
    CONTRACT_AMOUNT = auto()
    PSA_AMOUNT = auto()
    ERP_AMOUNT = auto()
    PSA_CURRENCY = auto()
    ERP_CURRENCY = auto()
    PSA_START = auto()
    ERP_START = auto()
    CONTRACT_MISSING = auto()
    PSA_MISSING = auto()
    ERP_MISSING = auto()
    PSA_LATE = auto()
    ERP_LATE = auto()
    PSA_DUPLICATE = auto()
    ERP_DUPLICATE = auto()
    SCHEDULE = auto()


RATES = {
    Fault.QUOTE_AMOUNT: 0.0017,
    Fault.CONTRACT_AMOUNT: 0.0015,
    Fault.PSA_AMOUNT: 0.003,
    Fault.ERP_AMOUNT: 0.0026,
    Fault.PSA_CURRENCY: 0.0016,
    Fault.ERP_CURRENCY: 0.001,
    Fault.PSA_START: 0.0021,
    Fault.ERP_START: 0.0012,
    Fault.CONTRACT_MISSING: 0.0017,
    Fault.PSA_MISSING: 0.0099,
    Fault.ERP_MISSING: 0.0069,
    Fault.PSA_LATE: 0.0057,
    Fault.ERP_LATE: 0.0046,
    Fault.PSA_DUPLICATE: 0.002,
    Fault.ERP_DUPLICATE: 0.0018,
    Fault.SCHEDULE: 0.0053,
}
"""How often each goes wrong."""


@dataclass(frozen=True, slots=True)
class Deals:
    """What happened in each deal. Instants are seconds since 1970, money is in `UNIT`s."""

    count: int
    fault: Integers
    amount: Integers
    currency: Integers
    closed: Integers
    signed: Integers
    project_created: Integers
    erp_created: Integers
    start: Integers
    offset: Integers
    has_contract: Flags
    has_project: Flags
    has_erp: Flags
    slack: Integers
    """Differences that are none: by system (quote, contract, PSA, ERP) and deal."""

    def numbers(self, which: Flags | None = None) -> Integers:
        """Numbers of the deals for which the flag is up."""
        return np.arange(self.count) if which is None else np.flatnonzero(which)


def draw_deals(count: int, chance: np.random.Generator) -> Deals:
    """So many deals won in the year before `AS_OF`."""
    closed = np.sort(AS_OF - YEAR + chance.integers(0, YEAR - 60, count))
    fault = _draw_faults(count, chance)
    # So near to the end nothing is overdue yet, and what comes late has not come.
    fault[closed > AS_OF - 25 * DAY] = Fault.NONE
    signed = closed + chance.integers(HOUR, 5 * DAY, count)
    waited = chance.integers(30, 4 * HOUR - MINUTE, count)
    waited[fault == Fault.PSA_LATE] += (
        4 * HOUR + chance.integers(0, 5 * DAY, count)[fault == Fault.PSA_LATE]
    )
    project_created = signed + waited
    carried = chance.integers(30, 2 * HOUR - MINUTE, count)
    carried[fault == Fault.ERP_LATE] += (
        2 * HOUR + chance.integers(0, 3 * DAY, count)[fault == Fault.ERP_LATE]
    )
    erp_created = project_created + carried
    has_contract = (signed < AS_OF) & (fault != Fault.CONTRACT_MISSING)
    has_project = has_contract & (project_created < AS_OF) & (fault != Fault.PSA_MISSING)
    slack = chance.integers(-50, 51, (4, count)) * (chance.random((4, count)) < 0.0075)
    slack[:, fault != Fault.NONE] = 0
    return Deals(
        count=count,
        fault=fault,
        amount=(np.exp(chance.normal(9.6, 0.9, count)) * 100).astype(np.int64) * 100,
        currency=chance.integers(0, len(CURRENCIES), count),
        closed=closed,
        signed=signed,
        project_created=project_created,
        erp_created=erp_created,
        start=(closed // MINUTE + chance.integers(0, 60 * 24 * 60, count)) * MINUTE,
        offset=chance.integers(0, len(OFFSETS), count),
        has_contract=has_contract,
        has_project=has_project,
        has_erp=has_project & (erp_created < AS_OF) & (fault != Fault.ERP_MISSING),
        slack=slack,
    )


def _draw_faults(count: int, chance: np.random.Generator) -> Integers:
    fault = np.zeros(count, np.int64)
    lots, below = chance.random(count), 0.0
    for kind, rate in RATES.items():
        fault[(lots >= below) & (lots < below + rate)] = kind
        below += rate
    return fault


def error(chance: np.random.Generator, count: int) -> Any:
    """Differences that matter: from a cent to ten thousand, of either sign."""
    size = (10 ** chance.uniform(2, 8, count)).astype(np.int64)
    return np.where(chance.random(count) < 0.5, size, -size)
