"""Conditions of the configuration over one record's stored fields."""

from collections.abc import Mapping
from typing import Any

from monitor.core.flows import Condition


def words_of(wanted: str | bool | tuple[str, ...]) -> tuple[str, ...]:
    """The texts that a field's value may have, booleans as `true` and `false`."""
    if isinstance(wanted, bool):
        return ("true" if wanted else "false",)
    return (wanted,) if isinstance(wanted, str) else wanted


def is_met(condition: Condition, fields: Mapping[str, Any]) -> bool:
    """Whether all fields have a wanted value, as JSON holds it; text without regard to case."""
    return all(
        _text(fields.get(name)) in {word.lower() for word in words_of(wanted)}
        for name, wanted in condition.items()
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value).lower()
