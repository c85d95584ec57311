"""Approvals: what people say of plans, and whether enough of the right ones have said yes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from monitor.core.policies import ApproverSettings, QuorumSettings

POLICY: Final = "policy"
"""Stands as approver of a plan that its policies let go ahead by themselves; no person's name."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody said of a plan, once.

    Attributes:
        who: an approver, or `POLICY`.
        is_approved: yes or no.
        why: in their words; of `POLICY`, the hash of the policies.
        at: when.
    """

    who: str
    is_approved: bool
    why: str
    at: datetime


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, however they are spelt."""
    return one.strip().casefold() == other.strip().casefold()


def unmet(
    quorum: Sequence[QuorumSettings],
    approvers: Mapping[str, ApproverSettings],
    said_yes: Collection[str],
    money: Decimal | None,
) -> list[str]:
    """What a plan still lacks, one sentence for each row of the quorum that is not met.

    Args:
        quorum: rows; each that the money reaches has to be met.
        approvers: who may approve, and in which roles.
        said_yes: who approved; others than approvers do not count.
        money: at stake in the plan, in the firm's currency; None, where it is not known, reaches
            every row.
    """
    able = sorted(set(said_yes) & approvers.keys())
    rows = [row for row in quorum if money is None or money >= row.above]
    lacking = []
    for row in rows or [QuorumSettings()]:
        if len(able) < row.approvals:
            lacking.append(_count(row.approvals - len(able), is_more=bool(able)))
        if row.role is not None and not any(row.role in approvers[name].roles for name in able):
            lacking.append(f"an approval by somebody of the role {row.role}")
    return list(dict.fromkeys(lacking))


def _count(missing: int, *, is_more: bool) -> str:
    more = "more " if is_more else ""
    return f"{missing} {more}approval" + ("" if missing == 1 else "s")
