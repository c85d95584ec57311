"""Who else has such breaks: values that are more frequent among broken deals than elsewhere.

A value is told only if enough broken deals share it, if it is clearly more frequent among them,
and if chance would hardly have brought that about among as many values as were looked at. Nothing
told means that nothing was found, not that nothing is there.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

Traits = Mapping[str, frozenset[str]]
"""Of one deal: for each dimension (`region`, `owner`) the values that its records have."""

LEAST_SHARED = 5
"""Broken deals that must share a value."""

LEAST_LIFT = 2.0
"""How many times more frequent it must be among broken deals."""

MOST_LIKELY = 0.01
"""How likely chance may have brought it about, among all values that were looked at."""

MOST_VALUES = 60
"""Values of a dimension that can be a cohort: what is almost different in each deal is a name."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """A value that broken deals share.

    Attributes:
        dimension: what it is a value of.
        value: the value.
        broken: broken deals that have it.
        of_broken: broken deals that were looked at.
        compared: deals of the estate that have it.
        of_compared: deals of the estate that were looked at.
        lift: how many times more frequent it is among broken deals.
    """

    dimension: str
    value: str
    broken: int
    of_broken: int
    compared: int
    of_compared: int
    lift: float


def find_cohorts(
    subject: str, broken: Mapping[str, Traits], compared: Mapping[str, Traits]
) -> tuple[Cohort, ...]:
    """The values of one broken deal that others of its kind share beyond chance.

    Args:
        subject: key of the deal.
        broken: traits of the deals with breaks of the kind, `subject` among them.
        compared: traits of deals of the estate, whatever their state.

    Returns:
        Cohorts that `subject` belongs to, the strongest first.
    """
    if not broken or not compared:
        return ()
    among_broken, among_all = _count(broken), _count(compared)
    mine = [(name, value) for name, values in broken.get(subject, {}).items() for value in values]
    values = Counter(name for name, _ in among_all.keys() | among_broken.keys())
    looked_at = max(1, sum(n for n in values.values() if n <= MOST_VALUES))
    found = []
    for name, value in sorted(mine):
        if values[name] > MOST_VALUES:
            continue
        shared, present = among_broken[name, value], among_all[name, value]
        # One more on either side: a value that the comparison lacks is rare, not impossible.
        share = (present + 1) / (len(compared) + 2)
        lift = shared / len(broken) / share
        chance = _tail(shared, len(broken), share) * looked_at
        if shared >= LEAST_SHARED and lift >= LEAST_LIFT and chance <= MOST_LIKELY:
            cohort = Cohort(name, value, shared, len(broken), present, len(compared), lift)
            found.append((chance, cohort))
    return tuple(cohort for _, cohort in sorted(found, key=lambda pair: (pair[0], repr(pair[1]))))


def _count(deals: Mapping[str, Traits]) -> Counter[tuple[str, str]]:
    return Counter(
        (name, value)
        for traits in deals.values()
        for name, values in traits.items()
        for value in values
    )


def _tail(least: int, trials: int, share: float) -> float:
    """How likely `least` or more of the trials succeed, each with this chance."""
    if share >= 1:
        return 1.0
    logs = (
        math.lgamma(trials + 1)
        - math.lgamma(count + 1)
        - math.lgamma(trials - count + 1)
        + count * math.log(share)
        + (trials - count) * math.log1p(-share)
        for count in range(least, trials + 1)
    )
    return min(1.0, math.fsum(math.exp(log) for log in logs))
