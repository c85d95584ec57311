"""Of what type a source's value is, in words that outlive the conversion to a canonical field."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from monitor.core.shapes import ValueType
from probes.engine.selector import is_absent

_TYPES: Final[Mapping[type, ValueType]] = {
    str: ValueType.TEXT,
    int: ValueType.NUMBER,
    float: ValueType.NUMBER,
    Decimal: ValueType.NUMBER,
    bool: ValueType.BOOLEAN,
    datetime: ValueType.INSTANT,
    date: ValueType.DATE,
    list: ValueType.LIST,
    tuple: ValueType.LIST,
    dict: ValueType.OBJECT,
}


def type_at(row: Any, path: str, value: Any) -> ValueType:
    """The type of the value that was found at a path of a row."""
    if value is None:
        return ValueType.ABSENT if is_absent(row, path) else ValueType.BLANK
    if isinstance(value, str) and not value.strip():
        return ValueType.BLANK
    return _TYPES.get(type(value), ValueType.OTHER)
