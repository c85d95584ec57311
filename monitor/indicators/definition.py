"""The written definition of an indicator, beside the function that computes it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.indicators.facts import Facts
from monitor.indicators.figures import Figure, Indicator


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator means, for whoever relies on it.

    Attributes:
        indicator: its name.
        title: what people call it.
        meaning: what it tells, in a sentence.
        formula: how it is computed.
        unit: of its values.
        population: what is counted.
        excluded: what is left out, and why.
        compute: its figures, from the facts of a flow.
    """

    indicator: Indicator
    title: str
    meaning: str
    formula: str
    unit: str
    population: str
    excluded: str
    compute: Callable[[Facts], Iterable[Figure]]
