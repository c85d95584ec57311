"""Directions: from whose value a field is put right. Never from a side that nobody named owner."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.core.breaks import Finding
from monitor.core.conditions import words_of
from monitor.core.flows import Condition, RuleSettings
from monitor.core.model import StreamId
from reconcilers.mismatch import MismatchSettings
from reconcilers.policy import PolicySettings as DecisionSettings


@dataclass(frozen=True, slots=True)
class Direction:
    """From an owner's field to the one that is wrong.

    Attributes:
        owner: stream whose value is right.
        owner_field, field: the field's name there, and in the record that is wrong.
        where: which of the owner's records count.
        match: key kind that pairs single records; None: each owner's record counts.
    """

    owner: StreamId
    owner_field: str
    field: str
    where: Condition
    match: str | None = None


def direction_of(
    found: Finding, rule: RuleSettings | None, of_record: Mapping[str, StreamId]
) -> Direction | None:
    """The direction of a finding about a field; None where no owner is named.

    Args:
        found: the finding.
        rule: settings of the rule that found it.
        of_record: by field, the stream that the flow names as its owner.
    """
    wrong = StreamId(found.system, found.stream)
    if isinstance(rule, MismatchSettings):
        return _of_mismatch(found.field, wrong, rule, of_record)
    owner = of_record.get(found.field)
    if owner is None or owner == wrong:
        return None
    return Direction(owner, found.field, found.field, {})


def only_answers(rule: RuleSettings | None, field: str) -> frozenset[str]:
    """Values of a field that some row of a decision table demands and leaves no choice beside."""
    if not isinstance(rule, DecisionSettings):
        return frozenset()
    answers = [words_of(row.then[field]) for row in rule.rows if field in row.then]
    return frozenset(words[0] for words in answers if len(words) == 1)


def _of_mismatch(
    field: str, wrong: StreamId, rule: MismatchSettings, of_record: Mapping[str, StreamId]
) -> Direction | None:
    left, right = StreamId.parse(rule.left), StreamId.parse(rule.right)
    how = rule.fields.get(field)
    if how is None or wrong not in (left, right):
        return None
    names = {left: how.left or field, right: how.right or field}
    wheres = {left: rule.where.left, right: rule.where.right}
    owner = right if wrong == left else left
    is_named = rule.of_record is not None or of_record.get(field) == owner
    if not is_named:
        return None
    return Direction(owner, names[owner], names[wrong], wheres[owner], rule.match)
