"""Value at risk: money that depends on breaks. A deal counts once, with its dearest break."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple


class Worth(NamedTuple):
    """What depends on one break; no value where none is stated."""

    flow: str
    transaction: str
    currency: str
    value: Decimal | None


def sum_at_risk(worths: Iterable[Worth]) -> dict[str, Decimal]:
    """Exact sums by currency: two breaks on one deal do not put its money at risk twice."""
    dearest: dict[tuple[str, str, str], Decimal] = {}
    for flow, transaction, currency, value in worths:
        if value is not None:
            place = (flow, transaction, currency)
            dearest[place] = max(value, dearest.get(place, value))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for (_, _, currency), value in dearest.items():
        sums[currency] += value
    return dict(sums)
