"""A decision table: conditions and what follows from them, the first row that fits decides."""

from collections.abc import Collection, Mapping, Sequence

from pydantic import Field

from monitor.core.conditions import words_of
from monitor.core.flows import Condition
from monitor.core.plugins import Misfit
from monitor.core.streams import Settings

Words = Mapping[str, frozenset[str]]
"""By field, the words that a row takes; every value is taken of a field that is not named."""


class Row(Settings):
    """One row of a decision table."""

    when: Condition = {}
    """Field to the value or values that it must have; all must hold. Empty: whatever they say."""
    then: Condition = Field(min_length=1)
    """Field to the value or values that it must have then."""


def check_rows(rows: Sequence[Row], given: Collection[str]) -> None:
    """Refuse a table that cannot mean what its author meant.

    Raises:
        Misfit: a row asks for a field that is not given, repeats or contradicts another one, or
            can never be reached.
    """
    asked: list[Words] = []
    for number, row in enumerate(rows, 1):
        for field in row.when:
            if field not in given:
                message = f"row {number} asks for '{field}', which is not among 'given'"
                raise Misfit(message, "rows", number - 1, "when", field)
        wanted = {field: _normal(words_of(value)) for field, value in row.when.items()}
        for field, words in wanted.items():
            if not words:
                message = f"row {number} can never be reached: '{field}' has no values"
                raise Misfit(message, "rows", number - 1, "when", field)
        if wanted in asked:
            twin = asked.index(wanted) + 1
            says = "contradicts" if rows[twin - 1].then != row.then else "repeats"
            message = f"row {number} {says} row {twin}: both ask for the same"
            raise Misfit(message, "rows", number - 1)
        if is_covered(wanted, asked):
            message = f"row {number} can never be reached: the rows above take all of it"
            raise Misfit(message, "rows", number - 1)
        asked.append(wanted)


def is_covered(row: Words, above: Sequence[Words]) -> bool:
    """Whether whatever the row takes is taken by one of those above it.

    A field that only a row above names leaves a value that it does not take, so such a row covers
    nothing of this one. Of the others every combination of this row's own words is tried.
    """
    rivals = [each for each in above if each.keys() <= row.keys()]
    if not rivals:
        return False
    if any(not each for each in rivals):
        return True
    field = next(iter(row))
    rest = {name: words for name, words in row.items() if name != field}
    return all(
        is_covered(
            rest,
            [
                {name: words for name, words in each.items() if name != field}
                for each in rivals
                if word in each.get(field, (word,))
            ],
        )
        for word in sorted(row[field])
    )


def _normal(words: Collection[str]) -> frozenset[str]:
    return frozenset(word.lower() for word in words)
