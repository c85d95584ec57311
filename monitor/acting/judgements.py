"""Acts of judgement: whether two records mean the same, and that a report was prepared or read."""

from monitor.acting.asked import Asked
from monitor.core.errors import Permanent, Reason
from monitor.core.watches import MatchDecision, Opinion
from monitor.deciding import decide_pair
from monitor.evidence_pack.signing_off import SignOffRole, sign_report_off


def call_same(asked: Asked) -> str:
    """Two records mean the same thing; the watches follow at their next look."""
    return _decide(asked, Opinion.SAME)


def call_different(asked: Asked) -> str:
    """They do not, however alike they are."""
    return _decide(asked, Opinion.DIFFERENT)


def _decide(asked: Asked, opinion: Opinion) -> str:
    if not asked.reason.strip():
        raise Permanent("this needs a reason", reason=Reason.REFUSED)
    left, right = sorted(asked.shown.pair)
    decision = MatchDecision(left, right, opinion, asked.person.name, asked.reason.strip())
    decide_pair(asked.database, decision, asked.clock)
    return f"{left} and {right} are {opinion.value}: remembered."


def sign_as_preparer(asked: Asked) -> str:
    """Whoever asks prepared the report."""
    return _sign(asked, SignOffRole.PREPARER)


def sign_as_reviewer(asked: Asked) -> str:
    """Whoever asks reviewed it, and is not who prepared it."""
    return _sign(asked, SignOffRole.REVIEWER)


def _sign(asked: Asked, role: SignOffRole) -> str:
    number, name = asked.shown.report, asked.person.name
    if not asked.reason.strip():
        raise Permanent("a sign-off needs a remark", reason=Reason.REFUSED)
    sign_report_off(asked.database, number, role, name, asked.reason.strip(), asked.clock())
    return f"You have signed report {number} as its {role.value}."
