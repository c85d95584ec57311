"""The ports that plug-ins fill: probes read systems, rules find breaks, channels tell people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import polars as pl

from monitor.core.breaks import BreakKind, Classification, Finding, Severity
from monitor.core.incidents import Message, Told
from monitor.core.model import Page, StreamId, Window
from monitor.core.notices import Delivery, Notice


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a stream's source can do, so that the engine picks its safety behaviour.

    Attributes:
        fetch: reads records by native id.
        lookup: key kinds by which records can be found.
        sweep: lists every native id.
        may_be_empty: that all records are gone is an ordinary state, as of a dead-letter queue,
            and no sign of an ill source.
        tells_time: `source_time` is the system's own clock, and not the age of an extract.
    """

    fetch: bool = False
    lookup: frozenset[str] = frozenset()
    sweep: bool = False
    may_be_empty: bool = False
    tells_time: bool = True


class Probe(Protocol):
    """Reads one system. Every method may raise `Transient` or `Permanent`, and nothing else.

    One probe may be used by several threads at a time.
    """

    def capabilities(self, stream: str) -> Capabilities:
        """What can be asked of this stream."""
        ...

    def source_time(self) -> datetime:
        """The present by the source's own clock, as far as it is known; aware UTC."""
        ...

    def changes(self, stream: str, window: Window) -> Iterator[Page]:
        """Pages with every record whose stamp lies in the window; all of them without a cursor.

        The iterator ends only when the look is complete; anything less raises.
        """
        ...

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        """The records with these ids as they are now; an id that is absent does not exist."""
        ...

    def lookup(self, stream: str, kind: str, values: Sequence[str]) -> Page:
        """The records that define or refer to these keys, as they are now."""
        ...

    def native_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Every id that the stream has; ends only when the list is complete."""
        ...

    def calls_remaining(self) -> Mapping[str, float]:
        """What is left of the budget, by its name (`minute`, `day`, `vendor`)."""
        ...

    def calls_made(self) -> int:
        """Calls since the probe was built."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule may look at: the records of some transactions, by stream.

    Attributes:
        flow: the business process.
        frames: one frame a stream, one row a record and transaction, deleted records left out.
            Columns `_transaction` (str), `_record` (native id), `_keys` (list of str, each
            `kind:value`, whatever the role), `_modified_at`, `_observed_at` (Datetime us UTC),
            then the entity's fields by name: TEXT str, INTEGER i64, DECIMAL Decimal(38, 6),
            BOOLEAN bool, INSTANT Datetime us UTC, DATE date. A stream without rows has an empty
            frame with the same columns.
        looked_until: by stream, the server time up to which every change has been read; a
            stream that is missing here is blind.
        now: the present.
    """

    flow: str
    frames: Mapping[StreamId, pl.DataFrame]
    looked_until: Mapping[StreamId, datetime]
    now: datetime


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a transaction has to be looked at again although nothing changed."""

    transaction: str
    at: datetime


INSTANT = pl.Datetime("us", "UTC")
MONEY = pl.Decimal(38, 6)

FINDINGS = pl.Schema(
    {
        **{each.name: pl.String() for each in fields(Finding)},
        "value_at_risk": MONEY,
        "since": INSTANT,
    }
)
"""Findings as a frame: the fields of `Finding`, enumerations as their words."""

DEADLINES = pl.Schema({"transaction": pl.String(), "at": INSTANT})
"""Deadlines as a frame: the fields of `Deadline`."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a rule says of a scope.

    Attributes:
        found: the breaks that stand, as `FINDINGS`.
        awaited: when silence turns into a finding, as `DEADLINES`.
    """

    found: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FINDINGS))
    awaited: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DEADLINES))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The breaks that stand, one by one."""
        return tuple(_finding(row) for row in self.found.iter_rows(named=True))

    @property
    def deadlines(self) -> tuple[Deadline, ...]:
        """The deadlines, one by one."""
        return tuple(Deadline(name, at) for name, at in self.awaited.iter_rows())


def _finding(row: dict[str, Any]) -> Finding:
    kind, severity = BreakKind(row.pop("kind")), Severity(row.pop("severity"))
    classification = Classification(row.pop("classification"))
    return Finding(kind=kind, severity=severity, classification=classification, **row)


class Rule(Protocol):
    """A check: a pure function of a scope."""

    @property
    def name(self) -> str:
        """As the landscape calls it."""
        ...

    @property
    def needs(self) -> frozenset[StreamId]:
        """Streams that decide whether it finds anything.

        It is not asked while one of them is blind, for then the answer is unknown, nor again of a
        matched transaction in which none of them changed.
        """
        ...

    def evaluate(self, scope: Scope) -> Verdict:
        """Findings and deadlines for every transaction in the scope."""
        ...


@runtime_checkable
class Attentive(Protocol):
    """A rule that says which fields it minds; any field may matter to a rule that does not."""

    @property
    def minds(self) -> Mapping[StreamId, frozenset[str]]:
        """Fields, by stream that it needs, that decide whether it finds or awaits anything.

        Keys and presence go without saying. In a transaction of which it says nothing, a record
        whose other fields changed gives it nothing to say, whatever its stamps; where a stamp can
        make the difference, `_modified_at` is among the fields.
        """
        ...


class Channel(Protocol):
    """Carries notices to machines, one by one. May raise `Transient` or `Permanent`."""

    def send(self, notice: Notice) -> Delivery:
        """Deliver one notice; returns what the other side calls it."""
        ...

    def find(self, notice: Notice) -> Delivery | None:
        """Whether the other side already has this notice, where it can tell; None if not.

        Asked only after a crash between sending and noting that it was sent.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class LivingChannel(Protocol):
    """Shows people incidents as they stand. May raise `Transient` or `Permanent`."""

    def tell(self, message: Message, told: Told | None) -> Told:
        """Bring the channel to what the message says.

        Args:
            message: the incident as it stands.
            told: what the channel was told of it before; None: nothing.
        """
        ...

    def find(self, message: Message) -> Told | None:
        """What the other side was told of the incident, where it can tell; None if not.

        Asked only after a crash, or an answer that did not arrive.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
