"""Propose: what would repair one break, or why nothing may; pure, and the same each time."""

from collections.abc import Mapping

from monitor.core.breaks import HINTS, Break, BreakKind, Finding
from monitor.core.corrections import Correction, Fix, Guard, Mode, Refusal
from monitor.core.lifecycle import CORRECTABLE_STATES
from monitor.core.policies import PolicySettings
from monitor.core.writing import Write
from monitor.correcting.fixes import FIXES, PREFERENCE
from monitor.correcting.forming import Formed, Unfit
from monitor.correcting.guards.leave import is_let
from monitor.correcting.scene import Scene

_NATURAL: Mapping[BreakKind, Fix] = {
    BreakKind.MISSING: Fix.CREATE,
    BreakKind.DUPLICATE: Fix.CLOSE,
    BreakKind.REPLAYED: Fix.CLOSE,
    BreakKind.DEAD_LETTER: Fix.REPLAY,
    BreakKind.STUCK: Fix.REPLAY,
    BreakKind.UNDELIVERED: Fix.REPLAY,
}
"""The fix that people expect of a kind, and want to hear of when it cannot be."""


def why_not(subject: Break, policy: PolicySettings | None, mode: Mode) -> Refusal | None:
    """Why a break is none that a plan of this mode may repair; None where it is.

    Args:
        subject: the break.
        policy: of its rule; None where there is none.
        mode: of the plan.
    """
    found = subject.finding
    if found.kind in HINTS:
        return _refuse(subject, Guard.MODE, "a hint is never corrected")
    if policy is None or not is_let(mode, policy.mode):
        has = Mode.OBSERVE if policy is None else policy.mode
        return _refuse(subject, Guard.MODE, f"the policy of {found.rule} is to {has.value} only")
    if subject.state not in CORRECTABLE_STATES:
        return _refuse(subject, Guard.MODE, f"the break is {subject.state.value}")
    return None


def propose(
    subject: Break, policy: PolicySettings | None, mode: Mode, scene: Scene
) -> Correction | Refusal:
    """The correction of a break: one write, or a person who is told everything.

    Args:
        subject: the break, as it was found just now.
        policy: of its rule.
        mode: of the plan that the correction is for.
        scene: what it can be formed from.
    """
    refused = why_not(subject, policy, mode)
    if refused is not None or policy is None:
        return refused or _refuse(subject, Guard.MODE, "no policy names it")
    if subject.finding.kind is BreakKind.LATE:
        return _refuse(subject, Guard.UNABLE, "it may still arrive")
    if policy.fix is Fix.HAND_OVER:
        return _hand_over(subject, "its policy leaves it to a person")
    if policy.fix is not None:
        formed = FIXES[policy.fix](subject.finding, policy, scene)
        return _settle(subject, policy.fix, formed)
    return _safest(subject, policy, scene)


def _safest(subject: Break, policy: PolicySettings, scene: Scene) -> Correction | Refusal:
    """By the first fix that fits, in the order of their safety."""
    reasons: dict[Fix, str] = {}
    for fix, form in PREFERENCE:
        formed = form(subject.finding, policy, scene)
        if isinstance(formed, Formed) or formed.guard is Guard.EFFECT_EXISTS:
            return _settle(subject, fix, formed)
        reasons[fix] = formed.why
    return _hand_over(subject, reasons[_NATURAL.get(subject.finding.kind, Fix.UPDATE)])


def _settle(subject: Break, fix: Fix, formed: Formed | Unfit) -> Correction | Refusal:
    if isinstance(formed, Formed):
        return _correction(subject, fix, formed.write, formed.why)
    if formed.guard is not None:
        return _refuse(subject, formed.guard, formed.why)
    return _hand_over(subject, formed.why)


def _hand_over(subject: Break, why: str) -> Correction:
    return _correction(subject, Fix.HAND_OVER, None, why)


def _correction(subject: Break, fix: Fix, write: Write | None, why: str) -> Correction:
    found: Finding = subject.finding
    return Correction(
        fingerprint=subject.fingerprint,
        break_id=subject.id,
        transaction=found.transaction,
        rule=found.rule,
        fix=fix,
        write=write,
        value_at_risk=found.value_at_risk,
        currency=found.currency,
        why=why,
    )


def _refuse(subject: Break, guard: Guard, why: str) -> Refusal:
    return Refusal(guard, f"{subject.id}: {why}", subject.fingerprint)
