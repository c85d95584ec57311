"""What the API answers with. The same names as in the store, the metrics and on the page."""

from datetime import datetime
from typing import Any

from pydantic import Field

from monitor.core.breaks import BreakKind, BreakState, Severity
from monitor.core.circumstances import HopState
from monitor.core.corrections import CorrectionState, Guard, Mode, PlanState
from monitor.core.incidents import CauseKind, EventKind, IncidentState
from monitor.core.transactions import TransactionStatus
from monitor.web.api.parts import Answer

Money = dict[str, str]
"""By currency, with every digit."""


class BreakAnswer(Answer):
    """One break."""

    id: str
    state: BreakState
    episode: int
    opened_at: datetime | None
    seen_at: datetime
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
    value_at_risk: str | None
    currency: str
    owner: str
    since: datetime | None
    classification: str


class DealAnswer(Answer):
    """One deal in a list."""

    flow: str
    transaction: str
    status: TransactionStatus
    status_since: datetime | None


class HandOffAnswer(Answer):
    """One step of a deal's way."""

    name: str
    source: str = Field(alias="from")
    to: str
    state: HopState


class RecordAnswer(Answer):
    """One record of a deal."""

    stream: str
    entity: str
    record_id: str
    at: datetime | None
    deleted: bool
    fields: dict[str, Any]


class TraceAnswer(DealAnswer):
    """One deal's way through every system."""

    trace_id: str
    hand_offs: list[HandOffAnswer]
    records: list[RecordAnswer]
    breaks: list[BreakAnswer]
    blind: dict[str, str]


class StandingAnswer(Answer):
    """How things stand as a whole."""

    at: datetime
    transactions: dict[str, dict[TransactionStatus, int]]
    breaks: int
    value_at_risk: Money
    suppressed: int
    suppressed_at_risk: Money
    blind: dict[str, str]
    failures: dict[str, str]
    quarantine: dict[str, int]


class StepAnswer(Answer):
    """One step in an incident's history."""

    at: datetime
    kind: EventKind
    who: str
    why: str


class IncidentAnswer(Answer):
    """One incident."""

    id: int
    title: str
    cause: CauseKind
    about: str
    state: IncidentState
    severity: Severity
    opened_at: datetime
    resolved_at: datetime | None
    acknowledged_by: str
    acknowledged_until: datetime | None
    standing: int
    ever: int
    money: Money
    owners: list[str]
    examples: list[str]
    blind: dict[str, datetime]
    history: list[StepAnswer]
    link: str


class PlanEntryAnswer(Answer):
    """One plan in a list."""

    hash: str
    flow: str
    mode: Mode
    requester: str
    state: PlanState
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_why: str
    corrections: int


class RefusalAnswer(Answer):
    """One guard's no."""

    guard: Guard
    why: str
    fingerprint: str


class ApprovalAnswer(Answer):
    """What somebody said of a plan."""

    who: str
    approved: bool
    why: str
    at: datetime


class PlanAnswer(Answer):
    """One plan in full; `plan` is the document that its hash is of."""

    hash: str
    state: PlanState | None
    ended_why: str
    plan: dict[str, Any]
    money: str | None
    currency: str
    refusals: list[RefusalAnswer]
    left_out: list[RefusalAnswer]
    lacking: list[str]
    approvals: list[ApprovalAnswer]


class CorrectionStepAnswer(Answer):
    """One step of a correction."""

    at: datetime
    before: CorrectionState
    after: CorrectionState
    who: str
    why: str
    answer: str


class CorrectionAnswer(Answer):
    """One correction."""

    id: int
    state: CorrectionState
    plan: str
    fingerprint: str
    target: str
    native_id: str
    reference: str
    reason: str
    undoes: int | None
    intended_at: datetime | None
    applied_at: datetime | None
    ended_at: datetime | None
    look_at: datetime | None
    pre_image: str | None
    steps: list[CorrectionStepAnswer]


class AuditAnswer(Answer):
    """One entry of the audit log; `detail` is the text that its hash is of."""

    sequence: int
    at: datetime
    who: str
    action: str
    subject: str
    detail: str
    hash: str
