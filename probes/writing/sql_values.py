"""Values as a column takes them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Float, LargeBinary
from sqlalchemy.types import NullType, TypeEngine

from probes.engine.sql_values import read_like
from probes.engine.values import read_zone


def fit(value: Any, column: ColumnElement[Any], zone: str, dialect: str) -> Any:
    """A value as a column of its type takes it; what does not fit is left to the database.

    Args:
        value: text, number, truth value, date or aware instant.
        column: where it goes.
        zone: in which the column's stamps are, where they name none.
        dialect: SQLite's columns hold what is put there, and its driver takes few types.
    """
    if dialect == "sqlite":
        return _fit_sqlite(value, zone)
    wanted = _python_type(column.type)
    if value is None or isinstance(value, str):
        return value
    return _text(value) if wanted is str else _fit_typed(value, column, wanted, zone)


def _fit_typed(value: Any, column: ColumnElement[Any], wanted: type | None, zone: str) -> Any:
    match value:
        case datetime() if not getattr(column.type, "timezone", False):
            return value.astimezone(read_zone(zone)).replace(tzinfo=None)
        case date() if wanted is datetime and not isinstance(value, datetime):
            return datetime.combine(value, time(), tzinfo=read_zone(zone))
        case Decimal() if wanted is int and value == value.to_integral_value():
            return int(value)
        case _:
            return value


def _fit_sqlite(value: Any, zone: str) -> Any:
    match value:
        case bool():
            return int(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(read_zone(zone)).replace(tzinfo=None).isoformat(" ")
        case date():
            return value.isoformat()
        case _:
            return value


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)


def spelled_ids(native_id: str, column: ColumnElement[Any], dialect: str) -> list[Any]:
    """A native id as the column may hold it; none where it cannot be there."""
    if dialect == "sqlite":
        number = (
            int(native_id) if native_id.isdecimal() and len(native_id) < len(str(2**63)) else None
        )
        return [native_id] if number is None else [native_id, number]
    wanted = _python_type(column.type)
    example = _EXAMPLES.get(wanted) if wanted is not None else None
    spelled = read_like(example, native_id)
    return [] if spelled is None else [spelled]


_EXAMPLES: Final[Mapping[type, Any]] = {
    UUID: UUID(int=0),
    int: 0,
    float: 0.0,
    Decimal: Decimal(0),
    datetime: datetime(2000, 1, 1, tzinfo=UTC),
    date: date(2000, 1, 1),
}


def is_comparable(column: ColumnElement[Any], dialect: str) -> bool:
    """Whether a value that was read from the column equals itself when it is sent back."""
    is_unknown = isinstance(column.type, NullType) and dialect != "sqlite"
    return not (is_unknown or isinstance(column.type, JSON | LargeBinary | Float))


def _python_type(column_type: TypeEngine[Any]) -> type | None:
    if isinstance(column_type, NullType):
        return None
    try:
        return column_type.python_type
    except NotImplementedError:
        return None
