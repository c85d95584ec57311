"""Stamps and identifiers as a database writes them, learnt from one that it holds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from monitor.core.errors import Permanent, Reason
from monitor.core.model import Window
from monitor.core.streams import CursorSettings
from probes.engine.values import Misfit, read_zone

BEGINNING: Final = datetime(1000, 1, 1, tzinfo=UTC)
END: Final = datetime(9999, 12, 30, tzinfo=UTC)
"""The stretch that every dialect's types can hold (MySQL manual, DATETIME)."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UNITS: Final[Mapping[str, timedelta]] = {
    "epoch": timedelta(seconds=1),
    "epoch_ms": timedelta(milliseconds=1),
}
_FURTHEST_OFFSET: Final = timedelta(hours=14)
_REPEATED_HOUR: Final = timedelta(hours=1)
"""When summer time ends, stamps without an offset say the same hour twice."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A window as the source writes stamps.

    Attributes:
        low: first stamp of the window; None: no lower end.
        high: first stamp after it; None: no upper end.
        is_ordered: the source's order of these stamps is the order of time.
    """

    low: Any
    high: Any
    is_ordered: bool = False

    def position(self, stamp: Callable[[Any], datetime | None], row: Any) -> datetime | None:
        """Up to when everything was read, after a page that ends with this row."""
        if not self.is_ordered:
            return None
        try:
            return stamp(row)
        except Misfit:
            return None


def bounds_of(window: Window, example: Any, cursor: CursorSettings) -> Bounds:
    """The window in the form of an example, never narrower than the window is.

    Args:
        window: half-open.
        example: any stamp of the source.
        cursor: zone and format of the stamps.

    Raises:
        Permanent: stamps of this form cannot be compared in the database.
    """
    match example:
        case datetime():
            return _datetime_bounds(window, cursor, is_aware=example.tzinfo is not None)
        case date():
            return Bounds(*_days(window, cursor.zone, timedelta(0)))
        case int() | float() | Decimal() if cursor.format in _EPOCH_UNITS:
            low = _epoch(window.since, cursor.format) if window.since else None
            return Bounds(low, _epoch(window.until, cursor.format) + 1, is_ordered=True)
        case str() if cursor.format is None:
            low_day, high_day = _days(window, "UTC", _FURTHEST_OFFSET)
            return Bounds(low_day and low_day.isoformat(), high_day.isoformat())
        case str() if _is_sortable(cursor.format):
            low_text = write_stamp(window.since, cursor) if window.since else None
            return Bounds(low_text, write_stamp(window.until + _step(cursor.format), cursor))
    raise Permanent(
        "the cursor's stamps cannot be compared in the database; give their 'format', or turn"
        " them into timestamps with a query",
        reason=Reason.CONFIGURATION,
    )


def _datetime_bounds(window: Window, cursor: CursorSettings, *, is_aware: bool) -> Bounds:
    if is_aware:
        return Bounds(window.since, window.until, is_ordered=True)
    margin = timedelta(0) if cursor.zone == "UTC" else _REPEATED_HOUR
    low = _local(window.since - margin, cursor.zone) if window.since else None
    return Bounds(low, _local(window.until + margin, cursor.zone), is_ordered=not margin)


def _local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(read_zone(zone)).replace(tzinfo=None)


def _days(window: Window, zone: str, margin: timedelta) -> tuple[date | None, date]:
    """From the day on which the window starts to the day after it ends."""
    low = _local(window.since - margin, zone).date() if window.since else None
    return low, _local(window.until + margin, zone).date() + timedelta(days=1)


def _epoch(instant: datetime, form: str | None) -> int:
    """Units since 1970 that have passed."""
    return (instant - _EPOCH) // _EPOCH_UNITS[form or ""]


_DIRECTIVES: Final = ("%Y", "%m", "%d", "%H", "%M", "%S", "%f")
_STEPS: Final = (
    ("%f", timedelta(0)),
    ("%S", timedelta(seconds=1)),
    ("%M", timedelta(minutes=1)),
    ("%H", timedelta(hours=1)),
)


def _is_sortable(form: str | None) -> bool:
    """Whether later stamps are also later in the alphabet: biggest unit first, all fixed."""
    used = re.findall(r"%.", form or "")
    return used == list(_DIRECTIVES[: len(used)]) and len(used) >= len(("%Y", "%m", "%d"))


def _step(form: str | None) -> timedelta:
    """What the format's smallest unit leaves out: the stamp is cut, so the end moves on."""
    return next((step for unit, step in _STEPS if unit in (form or "")), timedelta(days=1))


def write_stamp(instant: datetime, cursor: CursorSettings) -> str:
    """An instant in the cursor's strptime format."""
    return _local(instant, cursor.zone).strftime(cursor.format or "%Y-%m-%d %H:%M:%S.%f")


def query_bounds(
    names: frozenset[str], window: Window | None, cursor: CursorSettings | None, dialect: str
) -> dict[str, Any]:
    """What `:since` and `:until` of a query stand for; all time where there is no window.

    Timestamps are aware for PostgreSQL, text for SQLite, and elsewhere local to the cursor's
    zone; with a `format` they are written so.
    """
    settings = cursor or CursorSettings(field="-")
    since = (window.since if window else None) or BEGINNING
    until = window.until if window else END
    instants = {"since": since, "until": until}
    return {name: _query_bound(instants[name], settings, dialect) for name in names}


def _query_bound(instant: datetime, cursor: CursorSettings, dialect: str) -> Any:
    if cursor.format in _EPOCH_UNITS:
        return _epoch(instant, cursor.format)
    if cursor.format is not None or dialect == "sqlite":
        return write_stamp(instant, cursor)
    return instant if dialect == "postgresql" else _local(instant, cursor.zone)


_READERS: Final[Mapping[type, Callable[[str], Any]]] = {
    int: int,
    float: float,
    Decimal: Decimal,
    UUID: UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}


def read_like(example: Any, native_id: str) -> Any:
    """A native id as the source holds it; None where it cannot be one of the source's."""
    try:
        return _READERS.get(type(example), str)(native_id)
    except (ValueError, InvalidOperation):
        return None
