"""What is usual: robust figures over a firm's own history, and how rare a day beside it is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Final

from monitor.core.plugins import WorkingTime

MOMENT: Final = timedelta(seconds=1)

WEEK: Final = timedelta(weeks=1)

MAD_TO_DEVIATION: Final = 1.4826
"""A normal distribution's standard deviation in units of its median absolute deviation."""

_MARGIN: Final = 2.0
"""Standard errors by which the usual count may be off, because it is itself an estimate."""

_ODD_SHARE: Final = 0.25
"""Share of the weeks that may be anything without saying how much days usually differ."""

_LARGE: Final = 1_000.0
"""From this mean on a Poisson distribution is told from a normal one by nobody."""


@dataclass(frozen=True, slots=True)
class Rarity:
    """How probable it is that a day brings as few, and as many, as it did.

    Attributes:
        usual: the median of comparable days.
        as_few: probability of this count or a smaller one.
        as_many: probability of this count or a larger one.
    """

    usual: float
    as_few: float
    as_many: float


def last_day(looked_until: datetime) -> date:
    """The last day (UTC) of which everything has been read."""
    return looked_until.astimezone(UTC).date() - timedelta(days=1)


def is_working(day: date, calendar: WorkingTime | None) -> bool:
    """Whether there is any working time on the day (UTC); without a calendar there always is."""
    start = datetime.combine(day, time(), UTC)
    return calendar is None or calendar.add(start, MOMENT) <= start + timedelta(days=1)


def equal_weekdays(counts: Mapping[date, int], day: date, weeks: int) -> list[int]:
    """The counts on the same weekday of the weeks before; a day that brought nothing counts 0.

    What lies before the first day that brought anything is not history.
    """
    first = min(counts, default=day)
    days = (day - number * WEEK for number in range(1, weeks + 1))
    return [counts.get(each, 0) for each in days if each >= first]


def deviation(values: Sequence[float]) -> float:
    """A standard deviation that outliers cannot move, from the median absolute deviation."""
    middle = median(values)
    return MAD_TO_DEVIATION * median(abs(value - middle) for value in values)


def dispersion(counts: Mapping[date, int], day: date, weeks: int) -> float:
    """How much wider than a Poisson distribution the counts before the day spread; 1 at least.

    Records that come in batches (all milestones of a deal at once) spread wider. Every day is
    compared with the median of its weekday; the oddest quarter of the weeks is left out, so that
    any seven odd days in a row are.
    """
    first = min(counts, default=day)
    middles = [median(equal_weekdays(counts, each, weeks) or [0]) for each in _week(day)]
    spreads = []
    for number in range(1, weeks + 1):
        seen = [counts.get(each - number * WEEK, 0) for each in _week(day)]
        if day - number * WEEK >= first:
            oddity = sum((x - usual) ** 2 for x, usual in zip(seen, middles, strict=True))
            spreads.append((oddity, sum(seen)))
    kept = sorted(spreads)[: math.ceil(len(spreads) * (1 - _ODD_SHARE))]
    total = sum(count for _, count in kept)
    return max(1.0, sum(oddity for oddity, _ in kept) / total) if total else 1.0


def _week(day: date) -> list[date]:
    return [day + timedelta(days=number) for number in range(7)]


def rarity(count: int, history: Sequence[int], scale: float = 1.0) -> Rarity:
    """How rare a count is beside comparable days.

    Counts are taken for Poisson distributed; where they spread wider than that, all of them are
    scaled down until they do not (quasi-Poisson). The mean is moved towards the count by twice
    its own standard error, so that a short history accuses no day on its own.

    Args:
        count: of the day.
        history: of comparable days; one at least.
        scale: see `dispersion`.
    """
    usual = median(history)
    mean, seen = usual / scale, count / scale
    error = _MARGIN * math.sqrt(max(mean, 1.0) / len(history))
    return Rarity(
        usual=usual,
        as_few=poisson_at_most(math.floor(seen), max(mean - error, 0.0)),
        as_many=1.0 - poisson_at_most(math.ceil(seen) - 1, mean + error),
    )


def poisson_at_most(count: int, mean: float) -> float:
    """The probability that a Poisson variable is at most this."""
    if count < 0:
        return 0.0
    if mean <= 0.0:
        return 1.0
    if mean > _LARGE:
        return 0.5 * math.erfc((mean - count - 0.5) / math.sqrt(2.0 * mean))
    terms = (
        math.exp(number * math.log(mean) - mean - math.lgamma(number + 1))
        for number in range(min(count, int(mean + 60.0 * math.sqrt(mean) + 60.0)) + 1)
    )
    return min(math.fsum(terms), 1.0)
