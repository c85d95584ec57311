"""Figures: what an indicator says, in one of few forms. All of it is exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from monitor.core.indicators import Dimension
from monitor.core.model import StreamId


class Indicator(StrEnum):
    """The business indicators."""

    SET_UP_TIME = "set_up_time"
    HAND_OFF_TIME = "hand_off_time"
    TOUCHLESS = "touchless"
    BILLING_EXCEPTIONS = "billing_exceptions"
    DUPLICATES = "duplicates"
    RECOVERY_TIME = "recovery_time"
    VISIBILITY = "visibility"
    MATCH_RATE = "match_rate"
    VALUE_AT_RISK = "value_at_risk"
    REVENUE_DELAYED = "revenue_delayed"
    AGEING = "ageing"
    TIME_SAVED = "time_saved"


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many.

    Attributes:
        part: those for which it holds.
        whole: those of which it is known.
        unknown: those of which it is not known, because a source is blind; not in `whole`.
    """

    part: int
    whole: int
    unknown: int = 0

    @property
    def ratio(self) -> Fraction | None:
        """None where there is nothing to compare, which is neither good nor bad."""
        return Fraction(self.part, self.whole) if self.whole else None


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Lengths of time by nearest rank: each is one that somebody really waited.

    The q-quantile of n times is the ⌈q·n⌉-th in order.
    """

    p50: timedelta
    p90: timedelta
    p99: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Times:
    """How long so many took; the quantiles are None where there are none.

    Attributes:
        count: how many.
        plain: time that never stops.
        working: working time; None where none is counted.
    """

    count: int
    plain: Quantiles | None
    working: Quantiles | None = None


@dataclass(frozen=True, slots=True)
class Amounts:
    """Money by currency, never added up across them, and how many it belongs to."""

    count: int
    sums: Mapping[str, Decimal]
    unknown: int = 0
    """Those of which it is not known whether they belong to it, because a source is blind."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Time that would have been spent by the firm's own assumption."""

    time: timedelta
    checks: int
    investigations: int


Value = Share | Times | Amounts | Saving


@dataclass(frozen=True, slots=True)
class Figure:
    """What an indicator says of a part: a hand-off, a class of ages, or all where it is empty."""

    indicator: Indicator
    part: str
    value: Value


class Cut(NamedTuple):
    """A part of the firm; all of it where no dimension is named."""

    dimension: Dimension | None = None
    value: str = ""


ALL = Cut()
OTHER = "other"
"""Stands for the parts beyond those that are told apart."""
UNSTATED = "unstated"
"""Stands for deals that do not say where they belong."""


class Period(NamedTuple):
    """The half-open time `[since, until)`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class FlowIndicators:
    """Everything that is said of a flow.

    Attributes:
        flow: its name.
        period: what was counted.
        at: when; levels (what stands, what is matched) are of this instant, whatever the period.
        blind: streams of the flow that could not be seen.
        cuts: figures by part of the firm, all of it first.
    """

    flow: str
    period: Period
    at: datetime
    blind: Sequence[StreamId]
    cuts: Mapping[Cut, Sequence[Figure]]

    def of(self, indicator: Indicator, cut: Cut = ALL) -> Sequence[Figure]:
        """What one indicator says."""
        return [figure for figure in self.cuts[cut] if figure.indicator is indicator]
