"""What is told to people about breaks."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from monitor.core.breaks import BreakKind, Severity


class NoticeKind(StrEnum):
    """What a notice is about."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    BLIND = "blind"
    SIGHTED = "sighted"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to say, complete in itself: a channel needs nothing else to say it.

    Attributes:
        id: stable over restarts; the receiver can tell a repetition by it.
        kind: what happened.
        at: when it happened.
        severity: how soon somebody has to look.
        title: one line of plain text.
        transaction: business key of the deal; empty for a notice about a system.
        break_id: short id of the break; empty for a notice about a system.
        break_kind: class of the break; None for a notice about a system.
        rule, hop, system, entity, field, record_id: as in `Finding`.
        expected, actual: both values, as text.
        value_at_risk, currency: money that depends on it.
        owner: who holds it.
        since: when it went wrong.
        why: one sentence.
        link: page of the deal; empty where no public address is configured.
    """

    id: str
    kind: NoticeKind
    at: datetime
    severity: Severity
    title: str
    transaction: str = ""
    break_id: str = ""
    break_kind: BreakKind | None = None
    rule: str = ""
    hop: str = ""
    system: str = ""
    entity: str = ""
    field: str = ""
    record_id: str = ""
    expected: str | None = None
    actual: str | None = None
    value_at_risk: Decimal | None = None
    currency: str = ""
    owner: str = ""
    since: datetime | None = None
    why: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the other side calls a delivered notice: a message stamp, a request id, or nothing."""

    reference: str = ""
