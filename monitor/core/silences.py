"""Silences: what people are left alone with for a time, by what it is about.

A silenced incident is raised, counted and shown as any other; nobody is told of it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import polars as pl
from polars.exceptions import ComputeError

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
    """How a label is compared; a pattern has to fit the whole value.

    Patterns are those of Rust's `regex`, which takes time linear in the text whatever somebody
    writes, and so knows neither look-around nor back-references (docs.rs/regex, "Untrusted input").
    """

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
        """Reads `owner=delivery`, `key=~D-.*`, `severity!=critical`, and tries a pattern.

        Raises:
            ValueError: it is no matcher; the message says why.
        """
        made = cls.read(text)
        if made.operator in (Operator.FITS, Operator.FITS_NOT):
            try:
                _fitting(made.value, [""])
            except ComputeError as error:
                said = _reason(error)
                raise ValueError(f"'{made.value}' is no pattern: {said}") from None
        return made

    @classmethod
    def read(cls, text: str) -> "Matcher":
        """The same of one that was tried when somebody wrote it.

        Raises:
            ValueError: it has not the form of a matcher.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"'{text}' is no matcher such as owner=delivery or key=~D-.*")
        name, operator, value = found.groups()
        if name not in set(Label):
            raise ValueError(f"unknown label '{name}'; there are {', '.join(Label)}")
        if len(value) > _LONGEST:
            raise ValueError(f"a value has {_LONGEST} characters at most")
        return cls(Label(name), Operator(operator), value)

    def fits(self, subjects: Sequence[Labels]) -> list[bool]:
        """Of each thing, whether it holds of it; a label that has no value is the empty text.

        A pattern that has become none, as by another version of the engine, holds of nothing.
        """
        of_each = [labels.get(self.label) or ("",) for labels in subjects]
        wanted: Collection[str] = {self.value}
        if self.operator in (Operator.FITS, Operator.FITS_NOT):
            distinct = {value for values in of_each for value in values}
            try:
                wanted = _fitting(self.value, sorted(distinct))
            except ComputeError:
                return [False] * len(subjects)
        is_meant = self.operator in (Operator.IS, Operator.FITS)
        return [any(value in wanted for value in values) is is_meant for values in of_each]

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

    def covers(self, subjects: Sequence[Labels]) -> list[bool]:
        """Of each thing, whether it is what it is about."""
        return [
            all(held) for held in zip(*(it.fits(subjects) for it in self.matchers), strict=True)
        ]

    def __str__(self) -> str:
        return ", ".join(map(str, self.matchers))


def silence_of(subjects: Sequence[Labels], silences: Sequence[Silence]) -> Silence | None:
    """The silence that keeps an incident from people, of several the one that lasts longest.

    Only while each thing that stands in it is covered: what is not has to be heard.

    Args:
        subjects: what stands in the incident; of nothing, nothing is silenced.
        silences: those in force.
    """
    covered = {each.id: each.covers(subjects) for each in silences}
    if not all(map(any, zip(*covered.values(), strict=True))):
        return None
    chosen = [each for each in silences if any(covered[each.id])]
    return max(chosen, key=lambda each: (each.end, -each.id), default=None)


def _fitting(pattern: str, values: Sequence[str]) -> frozenset[str]:
    """Those of some values that a pattern fits as a whole.

    Raises:
        ComputeError: it is no pattern.
    """
    column = pl.Series(values, dtype=pl.String)
    return frozenset(column.filter(column.str.contains(rf"\A(?:{pattern})\z")))


def _reason(error: ComputeError) -> str:
    """What a parser says of a pattern, without the drawing that goes before."""
    said = str(error).split("\n\nThis error occurred")[0].strip()
    return said.rpartition("error: ")[2]
