"""Values that JSON has no word for, as Tryton writes them: objects with a `__class__`."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_PARTS: Final = ("hour", "minute", "second", "microsecond")


def tag(instant: datetime) -> dict[str, Any]:
    """An instant as Tryton takes it: in UTC and without a zone."""
    utc = instant.astimezone(UTC)
    return {
        "__class__": "datetime",
        **{part: getattr(utc, part) for part in ("year", "month", "day", *_PARTS)},
    }


def tag_value(value: Any) -> Any:
    """A value, a list or a mapping with each value in it as Tryton takes it."""
    match value:
        case Decimal():
            return {"__class__": "Decimal", "decimal": format(value, "f")}
        case datetime():
            return tag(value)
        case date():
            parts = {part: getattr(value, part) for part in ("year", "month", "day")}
            return {"__class__": "date", **parts}
        case Mapping():
            return {name: tag_value(each) for name, each in value.items()}
        case list() | tuple():
            return [tag_value(each) for each in value]
        case _:
            return value


def untag(value: Any) -> Any:
    """A value as Python has it, instants aware; what cannot be read stays as it came."""
    if isinstance(value, list):
        return [untag(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    read = _READERS.get(str(value.get("__class__")))
    if read is None:
        return value
    try:
        return read(value)
    except (KeyError, TypeError, ValueError, OverflowError, InvalidOperation):
        return value


def _read_time(value: Mapping[str, Any]) -> time:
    hour, minute, second, microsecond = (int(value.get(part, 0)) for part in _PARTS)
    return time(hour, minute, second, microsecond, tzinfo=UTC)


def _read_date(value: Mapping[str, Any]) -> date:
    return date(value["year"], value["month"], value["day"])


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "Decimal": lambda value: Decimal(value["decimal"]),
    "datetime": lambda value: datetime.combine(_read_date(value), _read_time(value)),
    "date": _read_date,
    "timedelta": lambda value: Decimal(value["seconds"]),
}
