"""What the examined records say of the population."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from monitor.audit_sampling.attribute import upper_limit
from monitor.audit_sampling.design import Drawn, Sample
from monitor.audit_sampling.monetary import (
    Hit,
    Item,
    Misstatement,
    MonetaryConclusion,
    MonetaryPlan,
    conclude_monetary,
)
from monitor.core.breaks import BreakKind, Classification, Finding


class Reading(StrEnum):
    """What came of reading a drawn record again from its system."""

    AGREES = "agrees"
    CHANGED_SINCE = "changed_since"
    DIFFERS = "differs"
    GONE = "gone"
    UNREADABLE = "unreadable"


AT_FAULT = frozenset({Reading.DIFFERS, Reading.GONE, Reading.UNREADABLE})
"""Readings that are a deviation. A change stamped later than the last look is none: nobody could
have stored it yet."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One drawn record after it was read again and the rules were asked.

    Attributes:
        drawn: the record.
        reading: how the system's record compares with the stored one.
        read_amount: the money that the system states now; None where it states none.
        findings: what the rules find in its transactions.
        own: those of them that accuse this very record.
    """

    drawn: Drawn
    reading: Reading
    read_amount: Decimal | None
    findings: tuple[Finding, ...]
    own: tuple[Finding, ...]

    @property
    def deviates(self) -> bool:
        """Whether anything is wrong with the record or its deal."""
        return self.reading in AT_FAULT or bool(self.findings)

    def overstated(self, amount_field: str) -> Decimal:
        """By how much the record states too much; negative where it states too little.

        What cannot be read is worth nothing, as is what should not exist. Of several findings the
        gravest counts: they may be about the same money.
        """
        book = self.drawn.amount or Decimal(0)
        if self.reading in {Reading.GONE, Reading.UNREADABLE}:
            return book
        errors = [_error(each, amount_field, book) for each in self.own]
        if self.reading is Reading.DIFFERS:
            errors.append(book - (self.read_amount or Decimal(0)))
        return min(max(errors, key=abs, default=Decimal(0)), book)


def _error(finding: Finding, amount_field: str, book: Decimal) -> Decimal:
    if finding.kind in {BreakKind.ORPHAN, BreakKind.DUPLICATE}:
        return book
    if finding.field == amount_field:
        expected, actual = _decimal(finding.expected), _decimal(finding.actual)
        if expected is not None and actual is not None:
            return actual - expected
    match finding.classification:
        case Classification.OVER:
            return finding.value_at_risk or Decimal(0)
        case Classification.UNDER:
            return -(finding.value_at_risk or Decimal(0))
        case _:
            return Decimal(0)


def _decimal(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class AttributeConclusion:
    """What the sample says of the rate of deviations.

    Attributes:
        deviations: drawn records that deviate.
        upper_limit: rate that is not exceeded, at the request's confidence.
        is_accepted: whether it stays below what is tolerable.
    """

    deviations: int
    upper_limit: Decimal
    is_accepted: bool


def conclude_attribute(sample: Sample, examined: Sequence[Examined]) -> AttributeConclusion:
    """The upper limit of the rate of deviations in the population."""
    deviations = sum(each.deviates for each in examined)
    limit = upper_limit(
        deviations, len(examined), sample.request.confidence, sample.population.count
    )
    return AttributeConclusion(deviations, limit, limit < sample.request.tolerable)


def conclude_money(
    plan: MonetaryPlan, examined: Sequence[Examined], amount_field: str
) -> MonetaryConclusion:
    """The upper limit of the overstatement in the population."""
    return conclude_monetary(
        plan,
        (
            Misstatement(
                Hit(
                    Item(each.drawn.native_id, each.drawn.amount or Decimal(0)),
                    each.drawn.is_whole,
                ),
                each.overstated(amount_field),
            )
            for each in examined
        ),
    )
