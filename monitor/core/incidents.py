"""Incidents: what people see as one thing, however many breaks it shows itself in.

A break that opens joins the incident of its cause. The incident lives as long as one of its
breaks stands, and everybody who was told of it is told how it goes on, in one place.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.breaks import BreakKind, Finding, Severity
from monitor.core.circumstances import Circumstances
from monitor.core.model import StreamId
from monitor.core.notices import Notice
from monitor.core.wording import Words

WATCH = "tieout"
"""Who took a step that no person took."""


class CauseKind(StrEnum):
    """What makes several breaks one incident.

    DEAL: they are of one deal.
    QUEUE: messages of one stream do not get through, or the deals that wait for them.
    RULE: so many deals break one rule at one system at a time that it is no deal's own affair.
    SOURCE: one system looks or behaves other than usual, or cannot be seen.
    DELIVERY: a channel does not get through.
    STORM: more came up at a time than a channel shall be told one by one.
    SILENCE: incidents came and went while a silence kept them from people.
    """

    DEAL = "deal"
    QUEUE = "queue"
    RULE = "rule"
    SOURCE = "source"
    DELIVERY = "delivery"
    STORM = "storm"
    SILENCE = "silence"


class Cause(NamedTuple):
    """What an incident is about; two breaks of one cause are in one incident."""

    kind: CauseKind
    about: str


class IncidentState(StrEnum):
    """Where an incident is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class EventKind(StrEnum):
    """What happened to an incident.

    HANDED_OVER: it is for a person to put right by hand.
    SHIFTED: another shift of its owner holds it.
    ESCALATED: nobody acknowledged it, so more people were told.
    SILENCED, HEARD: people are left alone with it, and are told of it again.
    MERGED: it turned out to be part of another incident.
    """

    OPENED = "opened"
    GREW = "grew"
    SHRANK = "shrank"
    CHANGED = "changed"
    RAISED = "raised"
    HANDED_OVER = "handed_over"
    ACKNOWLEDGED = "acknowledged"
    LAPSED = "lapsed"
    SHIFTED = "shifted"
    ESCALATED = "escalated"
    SILENCED = "silenced"
    HEARD = "heard"
    MERGED = "merged"
    RESOLVED = "resolved"
    REOPENED = "reopened"


class Event(NamedTuple):
    """One step in an incident's history, numbered from 1."""

    sequence: int
    at: datetime
    kind: EventKind
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it stands.

    Attributes:
        id: number that people use.
        cause: what it is about.
        state: where it is in its life.
        severity: that of the worst break that stands; after the end, as it was last.
        opened_at: when its first break opened.
        resolved_at: when its last one was gone; None while one stands.
        version: grows by one with each change, so that a channel knows whether it is behind.
        acknowledged_by: who looks after it; empty where nobody does.
        acknowledged_until: when that lapses.
        on_shift: the shift that holds it; empty where its owner has none on duty.
        silence: number of the silence that keeps it from people; None where none does.
        merged_into: number of the incident that it turned out to be part of; None: it is its own.
    """

    id: int
    cause: Cause
    state: IncidentState
    severity: Severity
    opened_at: datetime
    resolved_at: datetime | None
    version: int
    acknowledged_by: str = ""
    acknowledged_until: datetime | None = None
    on_shift: str = ""
    silence: int | None = None
    merged_into: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """All that a channel needs to show an incident as it stands.

    Attributes:
        incident: as it stands.
        title: one line of plain text.
        worst: the break to look at first; None where the incident is about no break.
        standing: breaks that stand.
        ever: breaks that ever belonged to it.
        examples: titles of breaks that stand, the worst first, a few of them.
        money: value at risk of the breaks that stand, by currency.
        owners: who holds them.
        history: everything that happened to it, in order.
        blind: streams that cannot be seen, and since when.
        link: where people look further; empty where no public address is configured.
        circumstances: where its worst deal is stuck, why, and what could be done; empty where
            they were not asked for.
        words: the firm's own, where its landscape has templates.
    """

    incident: Incident
    title: str
    worst: Notice | None
    standing: int
    ever: int
    examples: tuple[str, ...]
    money: Mapping[str, Decimal]
    owners: tuple[str, ...]
    history: tuple[Event, ...]
    blind: Mapping[StreamId, datetime]
    link: str = ""
    circumstances: Circumstances = field(default_factory=Circumstances)
    words: Words = field(default_factory=Words)

    @property
    def key(self) -> str:
        """By which a channel recognises the incident: the same for all that is told of it."""
        return f"tieout-incident-{self.incident.id}"

    @property
    def raised_because(self) -> str:
        """What raised its severity last; empty where nothing did."""
        return self.last_said(EventKind.RAISED)

    @property
    def escalated_to(self) -> str:
        """Who was told last because nobody acknowledged it; empty where it was not needed."""
        return self.last_said(EventKind.ESCALATED)

    @property
    def silenced_because(self) -> str:
        """Who silenced it, until when and why; empty where people hear of it."""
        return self.last_said(EventKind.SILENCED) if self.incident.silence is not None else ""

    def last_said(self, kind: EventKind) -> str:
        """What its last step of a kind says; empty where there was none."""
        return next((each.why for each in reversed(self.history) if each.kind is kind), "")


class Told(NamedTuple):
    """What a channel was told of an incident.

    Attributes:
        reference: what the channel calls its message.
        events: how many steps of the history it was told.
        again: after what time it has to hear the same again; None: not before something changes.
    """

    reference: str
    events: int
    again: timedelta | None = None


MIDDLEWARE = frozenset(
    {BreakKind.DEAD_LETTER, BreakKind.STUCK, BreakKind.UNDELIVERED, BreakKind.RETRIED}
)
"""Kinds that say of a message that it does not get through."""

_CARRIED = frozenset({BreakKind.MISSING, BreakKind.LATE})
"""Kinds that follow from it."""

_OF_A_SOURCE = frozenset({BreakKind.SOURCE, BreakKind.ANOMALY})
"""Kinds that are about a system and no deal."""

_WORSE = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)


def group(
    opened: Sequence[Finding],
    messages: Iterable[Finding],
    standing: Collection[Cause],
    crowd: int,
    lone: Mapping[Cause, int] = MappingProxyType({}),
) -> dict[str, Cause]:
    """Of what each break is a sign.

    Args:
        opened: breaks that opened together.
        messages: breaks of kinds in `MIDDLEWARE` that stand in the same deals, those in `opened`
            included: what a message would have brought is late because of it.
        standing: causes of incidents that stand already.
        crowd: from how many breaks of one rule at one system on it is about the rule.
        lone: by the rule as a cause, breaks that opened a short time before and stand by
            themselves.

    Returns:
        By fingerprint, the cause.
    """
    queues = {(each.flow, each.transaction): _queue(each) for each in messages}
    own = {each.fingerprint: _own_cause(each, queues) for each in opened}
    crowds = Counter(
        rule_of(each) for each in opened if own[each.fingerprint].kind is CauseKind.DEAL
    )
    crowded = {cause for cause, breaks in crowds.items() if breaks + lone.get(cause, 0) >= crowd}
    crowded |= {cause for cause in standing if cause.kind is CauseKind.RULE}
    return {
        each.fingerprint: rule_of(each)
        if own[each.fingerprint].kind is CauseKind.DEAL and rule_of(each) in crowded
        else own[each.fingerprint]
        for each in opened
    }


def worst(severities: Iterable[Severity], otherwise: Severity = Severity.INFO) -> Severity:
    """The most urgent of some severities."""
    return max(severities, key=_WORSE.index, default=otherwise)


def is_worse(one: Severity, other: Severity) -> bool:
    """Whether the one is more urgent than the other."""
    return _WORSE.index(one) > _WORSE.index(other)


def follow(
    messages: Iterable[Finding], places: Mapping[str, tuple[Finding, Cause]]
) -> dict[str, Cause]:
    """Which breaks turn out to follow from messages that do not get through, and of which queue.

    What was late before it was known why becomes part of the queue's incident.

    Args:
        messages: breaks of kinds in `MIDDLEWARE` that opened just now.
        places: by fingerprint, breaks of the same deals that stand, and what each incident is
            about that they are in.

    Returns:
        By fingerprint, the cause that each belongs to from now on; only of those that move.
    """
    queues = {(each.flow, each.transaction): _queue(each) for each in messages}
    return {
        fingerprint: queues[found.flow, found.transaction]
        for fingerprint, (found, cause) in places.items()
        if found.kind in _CARRIED
        and cause.kind is CauseKind.DEAL
        and (found.flow, found.transaction) in queues
    }


def _own_cause(finding: Finding, queues: Mapping[tuple[str, str], Cause]) -> Cause:
    """The cause without regard to how many others there are."""
    if finding.kind in _OF_A_SOURCE:
        return Cause(CauseKind.SOURCE, finding.system)
    if finding.kind in MIDDLEWARE:
        return _queue(finding)
    deal = (finding.flow, finding.transaction)
    if finding.kind in _CARRIED and deal in queues:
        return queues[deal]
    return Cause(CauseKind.DEAL, f"{finding.flow} {finding.transaction}")


def _queue(finding: Finding) -> Cause:
    return Cause(CauseKind.QUEUE, f"{finding.system}.{finding.stream}")


def rule_of(finding: Finding) -> Cause:
    """The cause of a crowd that a break would be in."""
    return Cause(CauseKind.RULE, f"{finding.flow} {finding.rule} {finding.system}")
