"""Instants as a source's filters want them, rounded so that nothing falls between two windows."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_STEPS: Final = {
    "iso": _MICROSECOND,
    "iso_ms": timedelta(milliseconds=1),
    "iso_s": timedelta(seconds=1),
    "epoch": timedelta(seconds=1),
    "epoch_ms": timedelta(milliseconds=1),
}
_DIRECTIVES: Final = (
    ("%f", _MICROSECOND),
    ("%S", timedelta(seconds=1)),
    ("%T", timedelta(seconds=1)),
    ("%M", timedelta(minutes=1)),
    ("%H", timedelta(hours=1)),
    ("%I", timedelta(hours=1)),
)


def check_stamp_format(form: str, zone: str) -> None:
    """Refuse a format or a zone that cannot be written.

    Raises:
        ValueError: with one sentence that says why.
    """
    if form not in _STEPS and "%" not in form:
        raise ValueError(f"time_format is a strftime pattern or one of {', '.join(_STEPS)}")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"zone '{zone}' is not an IANA time zone") from None


def write_since(moment: datetime, form: str, zone: str = "UTC") -> str:
    """The start of a window, never later than it is: the format may count whole seconds only."""
    return _write(moment, form, zone)


def write_until(moment: datetime, form: str, zone: str = "UTC") -> str:
    """The end of a window, never earlier than it is."""
    return _write(moment + _step(form) - _MICROSECOND, form, zone)


def _step(form: str) -> timedelta:
    if form in _STEPS:
        return _STEPS[form]
    steps = (step for directive, step in _DIRECTIVES if directive in form)
    return next(steps, timedelta(days=1))


def _write(moment: datetime, form: str, zone: str) -> str:
    """Cut to the format's step."""
    utc = moment.astimezone(UTC)
    match form:
        case "iso":
            return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")
        case "iso_ms":
            return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case "iso_s":
            return utc.isoformat(timespec="seconds").replace("+00:00", "Z")
        case "epoch":
            return str((utc - _EPOCH) // timedelta(seconds=1))
        case "epoch_ms":
            return str((utc - _EPOCH) // timedelta(milliseconds=1))
        case _:
            return utc.astimezone(ZoneInfo(zone)).strftime(form)
