"""What can be said of one break: for people as lines, for machines as a document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.core.breaks import Break
from monitor.core.corrections import Refusal
from monitor.core.ignores import Ignore
from monitor.core.model import StreamId, encode_value
from monitor.explaining.cohorts import Cohort
from monitor.explaining.origin import Change, Origin
from monitor.reports.overview import break_as_json
from monitor.reports.planned import entry_as_json, refusal_as_json
from monitor.store.plans import PlanEntry


@dataclass(frozen=True, slots=True)
class Side:
    """What one record says of the field at fault, or that it is there."""

    stream: StreamId
    native_id: str
    value: str | None


@dataclass(frozen=True, slots=True)
class RuleAccount:
    """A rule in words.

    Attributes:
        name: as the landscape calls it.
        check: what sort of rule it is; empty where the landscape no longer has it.
        objective: what the control assures.
        settings: what the landscape says of it, one line each.
    """

    name: str
    check: str = ""
    objective: str = ""
    settings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """One break explained.

    Attributes:
        subject: the break.
        why: what is wrong, in one sentence.
        sides: what each record of the rule's streams says.
        rule: what found it.
        origin: since when, and what introduced it.
        before: what was true before, and who was right, in one sentence.
        cohorts: what it shares with others beyond chance; empty: nothing was found.
        broken: deals with breaks of its kind that were looked at for that.
        compared: deals of the estate that they were compared with.
        remedy: what to do about it, in one sentence.
        ignore: what suppresses it; None where nothing does.
        refusals: why nothing was done about it, as the last planning said.
        plans: those that would repair it, or did, the newest first.
    """

    subject: Break
    why: str
    sides: Sequence[Side]
    rule: RuleAccount
    origin: Origin
    before: str
    cohorts: Sequence[Cohort]
    broken: int
    compared: int
    remedy: str
    ignore: Ignore | None
    refusals: Sequence[Refusal] = ()
    plans: Sequence[PlanEntry] = ()

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "break": break_as_json(self.subject),
            "why": self.why,
            "records": [
                {"stream": str(side.stream), "record_id": side.native_id, "value": side.value}
                for side in self.sides
            ],
            "rule": {
                "name": self.rule.name,
                "check": self.rule.check,
                "objective": self.rule.objective,
                "settings": list(self.rule.settings),
            },
            "since": {
                "cause": self.origin.cause.value,
                "at": encode_value(self.origin.since),
                "changes": [_change_as_json(each) for each in self.origin.changes],
                "before": self.before,
            },
            "cohorts": {
                "found": [_cohort_as_json(each) for each in self.cohorts],
                "broken": self.broken,
                "compared": self.compared,
            },
            "proposed_fix": self.remedy,
            "ignored_by": None if self.ignore is None else _ignore_as_json(self.ignore),
            "not_corrected": [refusal_as_json(each) for each in self.refusals],
            "plans": [entry_as_json(each) for each in self.plans],
        }


def _change_as_json(each: Change) -> dict[str, Any]:
    return {
        "stream": str(each.stream),
        "record_id": each.native_id,
        "seen_at": encode_value(each.seen_at),
        "before": _shown(each, each.before),
        "after": _shown(each, each.after),
    }


def _shown(each: Change, fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Only what changed, where there are two versions to compare."""
    if fields is None or not each.fields:
        return None if fields is None else dict(fields)
    return {name: fields.get(name) for name in each.fields}


def _cohort_as_json(each: Cohort) -> dict[str, Any]:
    return {
        "dimension": each.dimension,
        "value": each.value,
        "broken": each.broken,
        "compared": each.compared,
        "lift": round(each.lift, 1),
    }


def _ignore_as_json(each: Ignore) -> dict[str, Any]:
    return {
        "id": each.id,
        "owner": each.decision.owner,
        "reason": each.decision.reason,
        "until": encode_value(each.decision.until),
        "baseline": each.decision.is_baseline,
    }
