"""Corrections: what tieout would change in a firm's systems, on whose word, and whether it worked.

A plan holds corrections; a correction repairs one break by one write, or hands it to a person. A
plan is named by the hash of all that it would do, and people approve that hash.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from monitor.core.model import Value, encode_value
from monitor.core.writing import Write


class Mode(StrEnum):
    """How far a policy lets tieout go."""

    OBSERVE = "observe"
    PROPOSE = "propose"
    AUTO = "auto"


class Fix(StrEnum):
    """The ways to repair a break."""

    CREATE = "create"
    UPDATE = "update"
    LINK = "link"
    CLOSE = "close"
    REPLAY = "replay"
    TRIGGER = "trigger"
    HAND_OVER = "hand_over"


class PlanState(StrEnum):
    """Where a plan is. Only an approved one is applied; those after `APPLYING` are final."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    APPLYING = "applying"
    DONE = "done"
    REJECTED = "rejected"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OPEN_PLANS = frozenset({PlanState.PROPOSED, PlanState.APPROVED, PlanState.APPLYING})
"""States of a plan that something may still come of."""


class CorrectionState(StrEnum):
    """Where one correction is.

    PLANNED: part of a plan, nothing done.
    INTENDED: the intent is durable; the call may or may not have been made.
    UNKNOWN: the call's outcome is not known, and the target is being looked at.
    APPLIED: the target took it; not yet read back.
    VERIFIED: read back through the probe, and as intended.
    FAILED: the target refused it, or was seen not to have it when its patience was over.
    DIFFERENT: taken, but read back as something else.
    STALE: somebody changed the target after the plan; left alone.
    NEEDLESS: the target was as intended before anything was written.
    DROPPED: the plan ended without it.
    HANDED_OVER: a person was told everything needed.
    """

    PLANNED = "planned"
    INTENDED = "intended"
    UNKNOWN = "unknown"
    APPLIED = "applied"
    VERIFIED = "verified"
    FAILED = "failed"
    DIFFERENT = "different"
    STALE = "stale"
    NEEDLESS = "needless"
    DROPPED = "dropped"
    HANDED_OVER = "handed_over"


IN_FLIGHT = frozenset({CorrectionState.INTENDED, CorrectionState.UNKNOWN, CorrectionState.APPLIED})
"""States in which nothing else may be written to the same record."""

GIVEN_UP = frozenset({CorrectionState.FAILED, CorrectionState.DIFFERENT})
"""Ends after which a write may still arrive, where its outcome was not known before: it is looked
for a while longer, and its record held."""


class Guard(StrEnum):
    """Why a plan, or a write of it, is refused."""

    KILL_SWITCH = "kill_switch"
    MODE = "mode"
    COUNT = "count"
    SHARE = "share"
    MONEY = "money"
    DAILY = "daily"
    BLIND_SOURCE = "blind_source"
    EMPTY_SOURCE = "empty_source"
    SHRUNKEN_SOURCE = "shrunken_source"
    NOT_ALLOWED_NOW = "not_allowed_now"
    DENIED_NOW = "denied_now"
    CLOSED_PERIOD = "closed_period"
    IN_FLIGHT = "in_flight"
    FIX_LOOP = "fix_loop"
    BREAKER_OPEN = "breaker_open"
    CLOCK = "clock"
    NOT_APPROVED = "not_approved"
    SELF_APPROVED = "self_approved"
    EXPIRED = "expired"
    CHANGED = "changed"
    EFFECT_EXISTS = "effect_exists"
    UNABLE = "unable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One guard's no, in a sentence for a person; about one break, or (empty) the whole plan."""

    guard: Guard
    why: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """The kill switch is on: nothing is written until somebody turns it off."""

    who: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """One break and what would repair it.

    Attributes:
        fingerprint: of the break.
        break_id: what people type.
        transaction: business key of the deal.
        rule: that found it; the policy is its.
        fix: in which way it is repaired.
        write: what is written; None where a person does it.
        value_at_risk, currency: money that depends on the break.
        why: one sentence: from where the values come.
        undoes: number of the correction that this one takes back; None of an ordinary one.
    """

    fingerprint: str
    break_id: str
    transaction: str
    rule: str
    fix: Fix
    write: Write | None
    value_at_risk: Decimal | None
    currency: str
    why: str
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would be written, in order.

    Attributes:
        flow: whose breaks it repairs.
        mode: `PROPOSE` waits for people; `AUTO` goes ahead within its limits.
        requester: who asked for it; `tieout` where nobody did.
        made_at: when it was made.
        expires_at: after that it cannot be approved or applied.
        policies: hash of the policies that it follows from.
        corrections: by break, at most one each.
    """

    flow: str
    mode: Mode
    requester: str
    made_at: datetime
    expires_at: datetime
    policies: str
    corrections: tuple[Correction, ...]
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hash_plan(self))

    @property
    def id(self) -> str:
        """What people type: the first 12 digits of the hash."""
        return self.hash[:12]


def encode_write(write: Write) -> dict[str, Any]:
    """A write as JSON holds it."""
    return {
        "operation": write.operation.value,
        "stream": str(write.stream),
        "native_id": write.native_id,
        "keys": [list(use) for use in sorted(write.keys)],
        "version": write.version,
        "before": _encode_values(write.before),
        "after": _encode_values(write.after),
        "trigger": write.trigger,
    }


def encode_plan(plan: Plan) -> str:
    """A plan as canonical JSON: sorted names, no blanks, one text per plan."""
    document = {
        "flow": plan.flow,
        "mode": plan.mode.value,
        "requester": plan.requester,
        "made_at": encode_value(plan.made_at),
        "expires_at": encode_value(plan.expires_at),
        "policies": plan.policies,
        "corrections": [_encode_correction(each) for each in plan.corrections],
    }
    return msgspec.json.encode(document, order="sorted").decode()


def hash_plan(plan: Plan) -> str:
    """SHA-256 over all that a plan says: 64 hex digits. Who approves it approves this."""
    return hashlib.sha256(encode_plan(plan).encode()).hexdigest()


def idempotency_key(plan: Plan, correction: Correction) -> str:
    """The same for each try of one correction of one plan, and for nothing else: a UUID's form."""
    digest = hashlib.sha256(f"{plan.hash}\x1f{correction.fingerprint}".encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def target_of(write: Write) -> str:
    """What no two corrections in flight may share: the record, or the key that it will have."""
    name = write.native_id or "\x1f".join(f"{use.kind}:{use.value}" for use in sorted(write.keys))
    return f"{write.stream}/{name}"


def _encode_correction(correction: Correction) -> dict[str, Any]:
    at_risk = correction.value_at_risk
    return {
        "fingerprint": correction.fingerprint,
        "break_id": correction.break_id,
        "transaction": correction.transaction,
        "rule": correction.rule,
        "fix": correction.fix.value,
        "write": None if correction.write is None else encode_write(correction.write),
        "value_at_risk": None if at_risk is None else format(at_risk, "f"),
        "currency": correction.currency,
        "why": correction.why,
        "undoes": correction.undoes,
    }


def _encode_values(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: encode_value(values[name]) for name in sorted(values)}
