"""What a metric is: its type, unit and labels, and what keeps a label's values few."""

from dataclasses import dataclass
from enum import StrEnum


class MetricType(StrEnum):
    """The OpenMetrics types in use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"


class SampleOutcome(StrEnum):
    """What became of a row that a source sent."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    DELETED = "deleted"


class NoticeOutcome(StrEnum):
    """What became of one try to deliver a notice."""

    SENT = "sent"
    POSTPONED = "postponed"
    DEAD = "dead"


class OutboxState(StrEnum):
    """Where a notice that is not delivered is: waiting, on its way, or given up."""

    PENDING = "pending"
    SENDING = "sending"
    DEAD = "dead"


class CorrectionOutcome(StrEnum):
    """How a correction ended."""

    VERIFIED = "verified"
    FAILED = "failed"
    DIFFERENT = "different"


class Punctuality(StrEnum):
    """Whether a hand-off arrived within the time that it has."""

    IN_TIME = "in_time"
    LATE = "late"


class Budget(StrEnum):
    """Which allowance of a source is counted."""

    MINUTE = "minute"
    DAY = "day"
    VENDOR = "vendor"


class TimeKind(StrEnum):
    """Which time is counted."""

    PLAIN = "plain"
    WORKING = "working"


class Rank(StrEnum):
    """Which share of all took no longer."""

    HALF = "0.5"
    NINE_TENTHS = "0.9"
    NEARLY_ALL = "0.99"


class Bound(StrEnum):
    """What bounds a label whose values are no closed list in the code."""

    SOURCES = "the landscape's systems"
    STREAMS = "the landscape's streams"
    FLOWS = "the landscape's flows"
    CHANNELS = "the landscape's channels"
    WATCHES = "the landscape's watches"
    CURRENCIES = "three-letter codes, 32 at most; further ones count as `other`"
    HAND_OFFS = "the landscape's hand-offs"
    DIMENSIONS = "`all`, `region`, `legal_entity`, `service_line`"
    SLICES = "the parts with the most deals, as many as the landscape says; the rest as `other`"
    VERSIONS = "one value a process"


@dataclass(frozen=True, slots=True)
class Label:
    """A label and what keeps its values few: a closed list, or something that is itself bounded."""

    name: str
    values: type[StrEnum] | Bound


@dataclass(frozen=True, slots=True)
class Metric:
    """One family of series.

    Attributes:
        name: as queries write it.
        type: OpenMetrics type.
        unit: of its values, for people.
        help: one sentence.
        labels: in order.
        buckets: upper bounds of a histogram, in seconds.
    """

    name: str
    type: MetricType
    unit: str
    help: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names alone."""
        return tuple(label.name for label in self.labels)


def series_names(metric: Metric) -> tuple[str, ...]:
    """The names that queries over this family may use."""
    if metric.type is MetricType.HISTOGRAM:
        return tuple(f"{metric.name}_{suffix}" for suffix in ("bucket", "count", "sum"))
    return (metric.name,)
