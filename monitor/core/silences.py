"""Silences: what people are left alone with for a time, by what it is about.

A silenced incident is raised, counted and shown as any other; nobody is told of it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

_LONGEST = 200
_FORM = re.compile(r"\s*([a-z_]+)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)


class Label(StrEnum):
    """What a silence can look at.

    The kind of a stream that cannot be seen is `blind`, and its key `system.stream`; the key of a
    break is the deal's.
    """

    OWNER = "owner"
    SYSTEM = "system"
    KIND = "kind"
    SEVERITY = "severity"
    LEGAL_ENTITY = "legal_entity"
    KEY = "key"


class Operator(StrEnum):
    """How a label is compared; a pattern has to fit the whole value."""

    IS = "="
    IS_NOT = "!="
    FITS = "=~"
    FITS_NOT = "!~"


Labels = Mapping[Label, Collection[str]]
"""What one thing is about; a deal may belong to several companies of the firm."""


class Matcher(NamedTuple):
    """One condition of a silence."""

    label: Label
    operator: Operator
    value: str

    @classmethod
    def parse(cls, text: str) -> "Matcher":
        """Reads `owner=delivery`, `key=~D-.*`, `severity!=critical`.

        Raises:
            ValueError: it is no matcher; the message says why.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"'{text}' is no matcher such as owner=delivery or key=~D-.*")
        name, operator, value = found.groups()
        if name not in set(Label):
            raise ValueError(f"unknown label '{name}'; there are {', '.join(Label)}")
        if len(value) > _LONGEST:
            raise ValueError(f"a value has {_LONGEST} characters at most")
        made = cls(Label(name), Operator(operator), value)
        if made.operator in (Operator.FITS, Operator.FITS_NOT):
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"'{value}' is no pattern: {error}") from None
        return made

    def fits(self, labels: Labels) -> bool:
        """Whether it holds of something; a label that has no value is the empty text."""
        values = labels.get(self.label) or ("",)
        match self.operator:
            case Operator.IS:
                return self.value in values
            case Operator.IS_NOT:
                return self.value not in values
            case Operator.FITS:
                return any(re.fullmatch(self.value, each) for each in values)
            case Operator.FITS_NOT:
                return not any(re.fullmatch(self.value, each) for each in values)

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{self.value}"


@dataclass(frozen=True, slots=True)
class Silence:
    """What people are left alone with.

    Attributes:
        id: number that people use.
        matchers: all of them have to hold.
        owner: who answers for it.
        reason: why, in one sentence.
        made_at: since when.
        until: when it ends by itself.
        ended_at: when somebody ended it before its time; None where nobody did.
        ended_by: who did.
    """

    id: int
    matchers: tuple[Matcher, ...]
    owner: str
    reason: str
    made_at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    @property
    def end(self) -> datetime:
        """When it ended, or will."""
        return min(self.until, self.ended_at or self.until)

    def is_in_force(self, now: datetime) -> bool:
        """Whether it keeps anything from people."""
        return now < self.end

    def covers(self, labels: Labels) -> bool:
        """Whether something is what it is about."""
        return all(each.fits(labels) for each in self.matchers)

    def __str__(self) -> str:
        return ", ".join(map(str, self.matchers))


def silence_of(subjects: Collection[Labels], silences: Sequence[Silence]) -> Silence | None:
    """The silence that keeps an incident from people, of several the one that lasts longest.

    Only while each thing that stands in it is covered: what is not has to be heard.

    Args:
        subjects: what stands in the incident; of nothing, nothing is silenced.
        silences: those in force.
    """
    used: set[int] = set()
    for labels in subjects:
        covering = [each for each in silences if each.covers(labels)]
        if not covering:
            return None
        used.update(each.id for each in covering)
    chosen = [each for each in silences if each.id in used]
    return max(chosen, key=lambda each: (each.end, -each.id), default=None)
