"""What is asked of a sample, the population that it is drawn from, and what was drawn."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from monitor.audit_sampling.attribute import draw, sample_size
from monitor.audit_sampling.monetary import Item, MonetaryPlan, draw_monetary, plan_monetary
from monitor.core.model import StreamId
from monitor.store.population import Unit


class Method(StrEnum):
    """What is estimated: how often something is wrong, or how much is overstated."""

    ATTRIBUTE = "attribute"
    MONETARY = "monetary"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a sample.

    Attributes:
        stream: whose records are drawn.
        method: what is estimated.
        confidence: of the conclusion, between 0 and 1.
        tolerable: rate of deviations (attribute) or money (monetary) no longer borne.
        expected: what is expected, likewise.
        seed: what the drawing follows from.
        amount: canonical field with the money.
        currency: only records that state their money in it; empty where all have the same.
        rules: only these are asked; all where empty.
    """

    stream: StreamId
    method: Method
    confidence: Fraction
    tolerable: Decimal
    expected: Decimal
    seed: str
    amount: str = "amount"
    currency: str = ""
    rules: frozenset[str] = frozenset()


@dataclass(slots=True)
class Totals:
    """Count and total of some records."""

    count: int = 0
    total: Decimal = Decimal(0)

    def add(self, amount: Decimal) -> None:
        """One more."""
        self.count += 1
        self.total += amount


@dataclass(frozen=True, slots=True)
class Population:
    """What the sample is drawn from, as control totals.

    Attributes:
        count: records that the stream has.
        positive, negative: those that state money, by currency. Negative ones hold no unit of
            money that could be drawn, so a monetary sample says nothing of them.
        unpriced: records that state no money, or none at all of it.
        digest: hash over ids and amounts: another population has another.
    """

    count: int
    positive: Mapping[str, Totals]
    negative: Mapping[str, Totals]
    unpriced: int
    digest: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A record that was drawn; `is_whole` where its amount made it certain."""

    native_id: str
    amount: Decimal | None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample drawn.

    Attributes:
        request: what was asked.
        population: what it was drawn from.
        drawn: the records.
        borne: deviations that an attribute sample bears.
        monetary: how a monetary sample was drawn.
    """

    request: Request
    population: Population
    drawn: tuple[Drawn, ...]
    borne: int = 0
    monetary: MonetaryPlan | None = field(default=None)


Read = Callable[[], Iterator[Unit]]
"""Reads the population, always in the same order."""


def count_population(units: Iterable[Unit]) -> Population:
    """Control totals of a population."""
    count, unpriced, digest = 0, 0, hashlib.sha256()
    positive: defaultdict[str, Totals] = defaultdict(Totals)
    negative: defaultdict[str, Totals] = defaultdict(Totals)
    for native_id, amount, currency in units:
        count += 1
        digest.update(f"{native_id}\x1f{_plain(amount)}\x1f{currency}\x1e".encode())
        if amount:
            (positive if amount > 0 else negative)[currency].add(amount)
        else:
            unpriced += 1
    return Population(count, dict(positive), dict(negative), unpriced, digest.hexdigest())


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount.normalize(), "f")


def draw_sample(request: Request, read: Read) -> Sample:
    """Plan a sample for a population and draw it.

    Raises:
        ValueError: the population is empty or of several currencies, or no sample can meet the
            figures.
    """
    population = count_population(read())
    if not population.count:
        raise ValueError(f"{request.stream} has no records to draw from")
    if request.method is Method.ATTRIBUTE:
        return _draw_attribute(request, population, read)
    return _draw_monetary(request, population, read)


def _draw_attribute(request: Request, population: Population, read: Read) -> Sample:
    size, borne = sample_size(
        request.confidence,
        Fraction(request.tolerable),
        Fraction(request.expected),
        population.count,
    )
    chosen = draw((unit.native_id for unit in read()), size, request.seed)
    wanted = set(chosen)
    amounts = {unit.native_id: unit.amount for unit in read() if unit.native_id in wanted}
    drawn = tuple(Drawn(each, amounts[each]) for each in chosen)
    return Sample(request, population, drawn, borne=borne)


def _draw_monetary(request: Request, population: Population, read: Read) -> Sample:
    currency = _currency(request, population)
    plan = plan_monetary(request.confidence, request.tolerable, request.expected, request.seed)
    items = (
        Item(unit.native_id, unit.amount)
        for unit in read()
        if unit.amount is not None and unit.currency == currency
    )
    drawn = tuple(
        Drawn(hit.item.native_id, hit.item.amount, hit.is_whole)
        for hit in draw_monetary(items, plan)
    )
    return Sample(request, population, drawn, monetary=plan)


def _currency(request: Request, population: Population) -> str:
    stated = sorted(population.positive)
    if request.currency:
        if request.currency not in stated:
            raise ValueError(f"no record of {request.stream} states money in {request.currency}")
        return request.currency
    if not stated:
        raise ValueError(f"no record of {request.stream} states a positive amount")
    if len(stated) > 1:
        names = ", ".join(each or "no currency" for each in stated)
        raise ValueError(
            f"{request.stream} states money in {names}: choose one, unlike money is not added"
        )
    return stated[0]
