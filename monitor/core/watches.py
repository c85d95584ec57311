"""The port of watches: checks that look at a whole source or a whole stream, not at one deal.

A watch is a rule in every other way: a pure function that answers with a `Verdict`, whose findings
settle through the same lifecycle. Its findings belong to the flow `estate`, which no landscape can
define.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.flows import RuleSettings
from monitor.core.model import StreamId
from monitor.core.ports import Scope, Verdict
from monitor.core.statistics import Hop, Statistics
from monitor.core.streams import Duration

ESTATE: Final = "estate"
"""The flow that findings of watches belong to."""

NOWHERE: Final = StreamId("", "")
"""In place of the root that the estate as a flow has not."""


class Opinion(StrEnum):
    """What a person decided about two records."""

    SAME = "same"
    DIFFERENT = "different"


DECISIONS: Final = {"left": pl.String(), "right": pl.String(), "opinion": pl.String()}
"""What people decided, as a frame: two records, in any order, and an `Opinion`."""


@dataclass(frozen=True, slots=True)
class MatchDecision:
    """A person's word on whether two records mean the same thing.

    Attributes:
        left, right: records as `stream/native id`, in any order.
        opinion: same or different.
        who: decided it.
        why: in one sentence.
    """

    left: str
    right: str
    opinion: Opinion
    who: str
    why: str


class WatchSettings(RuleSettings):
    """What every watch declares beside its own parameters."""

    finds = frozenset({BreakKind.SOURCE})
    every: Duration = timedelta(hours=1)
    """How often it looks."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a watch may look at.

    Attributes:
        frames: whole streams, each loaded when it is first asked for: one row a record, deleted
            records left out. Columns as in `Scope.frames`, without `_transaction`. A stream that
            the watch does not need cannot be had.
        statistics: what sampling noted of the past.
        looked_until: by stream that can be seen, the server time up to which every change has
            been read; a stream that is missing here is blind, and what was found there stays
            whatever the watch says.
        now: the present.
        decisions: what people decided about pairs of records, as `DECISIONS`.
        clusters: by record as `stream/native id`, the group that this watch last found it in.
    """

    frames: Mapping[StreamId, pl.DataFrame]
    looked_until: Mapping[StreamId, datetime]
    now: datetime
    statistics: Statistics = field(default_factory=Statistics)
    decisions: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DECISIONS))
    clusters: Mapping[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """The same as a scope, for whoever writes findings with a `Reporter`."""
        return Scope(ESTATE, self.frames, self.looked_until, self.now)


class Watch(Protocol):
    """A check over the estate: a pure function of a survey."""

    @property
    def name(self) -> str:
        """As the landscape calls it."""
        ...

    @property
    def needs(self) -> frozenset[StreamId]:
        """Streams whose records it reads; not asked while one of them is blind."""
        ...

    def evaluate(self, survey: Survey) -> Verdict:
        """Findings of the flow `estate`; deadlines are not looked at.

        Each stands under a transaction such as `source:crm.deals` or `customer:C-17`.
        """
        ...


@runtime_checkable
class Timing(Protocol):
    """A watch that asks how long hand-offs take: only those that one asks for are measured."""

    @property
    def hops(self) -> frozenset[Hop]:
        """The hand-offs whose days it looks at."""
        ...


@runtime_checkable
class Timeless(Watch, Protocol):
    """A watch that needs records alone, neither statistics nor a past: it can look at extracts."""

    @property
    def reads(self) -> Mapping[StreamId, frozenset[str]]:
        """By stream that it needs, the fields that it looks at."""
        ...


@runtime_checkable
class Asking(Watch, Protocol):
    """A watch that leaves to people what it is not sure of."""

    def candidates(self, survey: Survey) -> pl.DataFrame:
        """Pairs to be decided: `left`, `right`, `weight` and more evidence, the likeliest first."""
        ...
