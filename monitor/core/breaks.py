"""Breaks: what a rule finds, what the trade calls it, and the life it has."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class BreakKind(StrEnum):
    """The class of a discrepancy."""

    MISSING = "missing"
    LATE = "late"
    ORPHAN = "orphan"
    MISMATCH = "mismatch"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"
    DEAD_LETTER = "dead_letter"
    STUCK = "stuck"
    TIE_OUT = "tie_out"
    POLICY = "policy"
    LINEAGE = "lineage"
    LEAKAGE = "leakage"
    UNDELIVERED = "undelivered"
    RETRIED = "retried"
    REPLAYED = "replayed"
    SOURCE = "source"
    ANOMALY = "anomaly"
    CUSTOM = "custom"


HINTS = frozenset({BreakKind.ANOMALY})
"""Kinds that no correction may follow from, and that stay information, whatever settings say."""


class Classification(StrEnum):
    """In what way money does not tie out."""

    NONE = ""
    OVER = "over"
    UNDER = "under"
    MISSING_PART = "missing_part"
    ROUNDING = "rounding"
    CURRENCY = "currency"
    EXCHANGE = "exchange"


class BreakState(StrEnum):
    """Where a break is in its life. Nobody is told of a suspected one."""

    SUSPECTED = "suspected"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CORRECTING = "correcting"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


LIVE_STATES = frozenset(
    {BreakState.OPEN, BreakState.ACKNOWLEDGED, BreakState.CORRECTING, BreakState.SUPPRESSED}
)
"""States of a break that stands: it has been confirmed and not yet resolved."""

HEARD_STATES = LIVE_STATES - {BreakState.SUPPRESSED}
"""States of a break that stands and that people hear of."""


class Severity(StrEnum):
    """How soon somebody has to look."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """One discrepancy as a rule sees it at one instant.

    Attributes:
        flow: the business process.
        transaction: business key of the deal, or `kind:value` where no root is known.
        rule: name of the rule in the landscape.
        kind: class of the discrepancy.
        severity: as the rule's configuration says.
        hop: name of the hand-off, or `left -> right` for a comparison; empty where none.
        system: the system that is wrong or lacks the record.
        stream: the stream in it.
        entity: the canonical object.
        field: the field that differs; empty where the whole record is meant.
        record_id: native id of the record at fault; where it is missing, its key `kind:value` if
            the hand-off pairs records by key, else empty.
        expected: the owner's value, as text.
        actual: the value found, as text; None where there is none.
        value_at_risk: money that depends on it; None where not known.
        currency: ISO 4217 code of `value_at_risk`; empty where there is none.
        owner: who holds it: a name from the landscape's owners.
        since: when it went wrong, by the systems' own stamps.
        classification: in what way money is wrong; NONE where it is not about money.
    """

    flow: str
    transaction: str
    rule: str
    kind: BreakKind
    severity: Severity
    hop: str
    system: str
    stream: str
    entity: str
    field: str
    record_id: str
    expected: str | None
    actual: str | None
    value_at_risk: Decimal | None
    currency: str
    owner: str
    since: datetime | None
    classification: Classification = Classification.NONE

    @property
    def fingerprint(self) -> str:
        """Identity over time: values, kind and money may change, this does not."""
        parts = (self.flow, self.transaction, self.rule, self.system, self.stream, self.field)
        return hashlib.sha256("\x1f".join((*parts, self.record_id)).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Break:
    """A finding with its life.

    Attributes:
        id: short public identifier, the first 10 digits of the fingerprint.
        finding: as last seen.
        state: where it is in its life.
        suspected_at: when it was first seen.
        opened_at: when it was confirmed; None before.
        resolved_at: when it was seen to be gone; None while it stands.
        seen_at: when the evidence for it was last looked at.
        episode: 1 at first, one more at each reopening.
    """

    finding: Finding
    state: BreakState
    suspected_at: datetime
    opened_at: datetime | None
    resolved_at: datetime | None
    seen_at: datetime
    episode: int = 1

    @property
    def fingerprint(self) -> str:
        """See `Finding.fingerprint`."""
        return self.finding.fingerprint

    @property
    def id(self) -> str:
        """What people type."""
        return self.fingerprint[:10]


class TransitionKind(StrEnum):
    """What happened to a break."""

    SUSPECTED = "suspected"
    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    DISMISSED = "dismissed"
    SUPPRESSED = "suppressed"
    RELEASED = "released"
    CORRECTING = "correcting"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Transition:
    """One step in a break's life: the break after it, what happened, and why.

    Attributes:
        kind: what happened.
        after: the break as it is from now on.
        before: the state it had; None for a break never seen.
        at: when.
        why: one sentence for a person.
    """

    kind: TransitionKind
    after: Break
    before: BreakState | None
    at: datetime
    why: str
