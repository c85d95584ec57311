"""Shapes: of what type each mapped value of a source's row was, before it was converted."""

from enum import StrEnum
from typing import Final


class ValueType(StrEnum):
    """What a row holds where a field is mapped, in the words that people read."""

    ABSENT = "no such field"
    BLANK = "nothing"
    TEXT = "text"
    NUMBER = "a number"
    BOOLEAN = "a truth value"
    INSTANT = "an instant"
    DATE = "a date"
    LIST = "a list"
    OBJECT = "an object"
    OTHER = "something else"
    UNFIT = "a value that does not fit"


EMPTY: Final = frozenset({ValueType.ABSENT, ValueType.BLANK})
"""Types of what is no value."""

Shape = tuple[tuple[str, ValueType], ...]
"""Field to type, in the mapping's order. Rows of one shape share one object."""
