"""What a landscape says of a flow's business indicators, and what they are measured by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import polars as pl
from pydantic import Field

from monitor.core.flows import StreamName
from monitor.core.model import StreamId
from monitor.core.plugins import WorkingTime
from monitor.core.ports import Scope
from monitor.core.streams import Duration, Name, Settings


class Dimension(StrEnum):
    """By what a firm divides its deals."""

    REGION = "region"
    LEGAL_ENTITY = "legal_entity"
    SERVICE_LINE = "service_line"


class SliceSettings(Settings):
    """Where a deal says to which part of the firm it belongs."""

    stream: StreamName | None = None
    """Of a deal's records in it the first one that says so counts; None: the flow's root."""
    field: str = ""
    """Text field with the part's name; empty: the field called like the dimension."""


class SlicesSettings(Settings):
    """By which dimensions deals are divided; what is not named is not."""

    region: SliceSettings | None = None
    """Where a deal names its region."""
    legal_entity: SliceSettings | None = None
    """Where it names the company of the firm that earns it."""
    service_line: SliceSettings | None = None
    """Where it names the service that is sold."""

    def places(self) -> dict[Dimension, SliceSettings]:
        """Those that are named."""
        named = {dimension: getattr(self, dimension.value) for dimension in Dimension}
        return {dimension: place for dimension, place in named.items() if place is not None}


class ByHandSettings(Settings):
    """What the work would take without tieout: the firm's own assumption, shown as such."""

    check: Duration = timedelta(0)
    """To check one hand-off in both systems."""
    investigate: Duration = timedelta(0)
    """To find out about one break what tieout says of it."""


class IndicatorSettings(Settings):
    """How a flow's business indicators are counted."""

    period: Duration = Field(default=timedelta(days=30), ge=timedelta(hours=1))
    """How far back the page and the metrics count."""
    set_up: tuple[Name, ...] = ()
    """Hand-offs that set a project up, in their order; empty: those that follow one another from
    the root on."""
    calendar: Name | None = None
    """Calendar in whose working time they are told; None: that of each hand-off."""
    billing: tuple[StreamName, ...] = ()
    """Streams in which deals are billed; empty: those of invoices and billing schedules."""
    slices: SlicesSettings | None = None
    """By what deals are divided; None: by what the root itself says."""
    most: int = Field(default=10, ge=1, le=20)
    """Parts that are told apart by each dimension, those with the most deals; the others count
    together as `other`."""
    by_hand: ByHandSettings = ByHandSettings()
    """What the work would take without tieout; without it no time saved is told."""


@dataclass(frozen=True, slots=True)
class Step:
    """A hand-off as indicators see it.

    Attributes:
        name: as the landscape calls it.
        source: the stream that it starts from.
        to: the stream in which it arrives.
        start: instant field of the upstream record from which its time runs.
        match: key kind that pairs single records; None: any downstream record will do.
        expectations: what was to arrive by when, and what came: the hand-off's own reading.
        working_time: in which it is told; None: time that never stops.
    """

    name: str
    source: StreamId
    to: StreamId
    start: str
    match: str | None
    expectations: Callable[[Scope], pl.DataFrame]
    working_time: WorkingTime | None


@dataclass(frozen=True, slots=True)
class IndicatorPlan:
    """How a flow is measured.

    Attributes:
        steps: its hand-offs, in the landscape's order.
        set_up: names of those that set a project up.
        billing: streams in which deals are billed.
        unique: streams in which nothing may be held twice.
        slices: stream and field that say where a deal belongs.
        value: stream, amount and currency field that state what a deal is worth.
        most: parts that are told apart by each dimension.
        by_hand: what the work would take without tieout.
        period: how far back is counted unless somebody asks for another time.
        digest: another one means that everything is measured anew.
    """

    steps: tuple[Step, ...]
    set_up: tuple[str, ...]
    billing: frozenset[StreamId]
    unique: frozenset[StreamId]
    slices: Mapping[Dimension, tuple[StreamId, str]]
    value: tuple[StreamId, str, str]
    most: int
    by_hand: ByHandSettings
    period: timedelta
    digest: str

    @property
    def counted(self) -> frozenset[StreamId]:
        """Streams whose records are counted one by one."""
        return self.billing | self.unique

    @property
    def streams(self) -> frozenset[StreamId]:
        """Every stream that is looked at beside what hand-offs themselves look at."""
        return self.counted | {self.value[0]} | {stream for stream, _ in self.slices.values()}


class Age(StrEnum):
    """How long something has been wrong."""

    UNDER_1_DAY = "under_1d"
    UNDER_3_DAYS = "1d_to_3d"
    UNDER_7_DAYS = "3d_to_7d"
    UNDER_30_DAYS = "7d_to_30d"
    UNDER_90_DAYS = "30d_to_90d"
    OLDER = "over_90d"


AGES: Mapping[Age, timedelta] = {
    Age.UNDER_1_DAY: timedelta(0),
    Age.UNDER_3_DAYS: timedelta(days=1),
    Age.UNDER_7_DAYS: timedelta(days=3),
    Age.UNDER_30_DAYS: timedelta(days=7),
    Age.UNDER_90_DAYS: timedelta(days=30),
    Age.OLDER: timedelta(days=90),
}
"""From which age on each class counts."""
