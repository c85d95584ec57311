"""One value of a source's row as one canonical value, or the reason why it cannot be one."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Context, Decimal, InvalidOperation
from functools import partial
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from monitor.core.model import FieldType, RejectReason, Value
from monitor.core.strict_json import Flaw

DECIMALS: Final = 6
DIGITS: Final = 38
"""The store and the frames keep decimals as Decimal(38, 6)."""

WHOLE_DIGITS: Final = 24
"""Well below what a frame can hold, so that sums and differences of many rows still fit."""
_LARGEST_DECIMAL: Final = Decimal(10) ** WHOLE_DIGITS

_SMALLEST_STEP: Final = Decimal(1).scaleb(-DECIMALS)
_EXACT: Final = Context(prec=2 * DIGITS)
_LARGEST_INTEGER: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_NOT_FINITE: Final = re.compile(r"[+-]?(s?nan|inf|infinity)", re.IGNORECASE)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_WORDS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
_JSON_DATE: Final = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{1,4})?\)/", re.ASCII)
"""How OData 2 writes an instant: milliseconds of UTC, and the offset at which it was meant."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UNITS: Final[Mapping[str, int]] = {"epoch": 1, "epoch_ms": 1000}
CENTS: Final = "cents"
"""Form of an amount that counts hundredths, as JSON of many vendors does: `1250` is 12.50."""

Convert = Callable[[Any], Value]
"""Turns a source's value, never None, into a canonical one; raises `Misfit`."""


class Misfit(ValueError):  # noqa: N818 - caught by the mapper only, as the ground of a Reject
    """A value that does not fit its field; the message never repeats the value."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def _wrong(detail: str) -> Misfit:
    return Misfit(RejectReason.WRONG_TYPE, detail)


def _beyond(detail: str) -> Misfit:
    return Misfit(RejectReason.OUT_OF_RANGE, detail)


def is_blank(value: Any) -> bool:
    """Whether the source says nothing: null, or text of blanks alone."""
    return value is None or (isinstance(value, str) and not value.strip())


def read_text(value: Any) -> str:
    """Text without blanks around it; numbers as written, dates and instants as ISO 8601."""
    match value:
        case str():
            if _UNSTORABLE.search(value):
                raise _beyond("has a character that is no text (NUL or half a surrogate pair)")
            return value.strip()
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if abs(value) < 10**DIGITS else _refuse_length()
        case float() | Decimal():
            return _number_text(read_number(value))
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            raise _wrong(f"should be text, is {describe(value)}")


def _refuse_length() -> str:
    raise _beyond(f"has more than {DIGITS} digits")


def _number_text(number: Decimal) -> str:
    if abs(number.adjusted()) > DIGITS:
        _refuse_length()
    return format(number, "f")


def read_number(value: Any) -> Decimal:
    """A finite number, exactly as the source wrote it; a binary float by its shortest text."""
    match value:
        case bool():
            raise _wrong("should be a number, is a truth value")
        case int():
            if abs(value) >= _LARGEST_DECIMAL:
                _refuse_length()
            number = Decimal(value)
        case Decimal():
            number = value
        case float():
            number = Decimal(repr(value))
        case str():
            number = _parse_number(value.strip())
        case _:
            raise _wrong(f"should be a number, is {describe(value)}")
    if not number.is_finite():
        raise _beyond("is not a finite number")
    return number


def _parse_number(text: str) -> Decimal:
    if _NOT_FINITE.fullmatch(text):
        raise _beyond("is not a finite number")
    if not _NUMBER.fullmatch(text):
        raise _wrong("should be a number, is other text")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _beyond(f"has more than {DIGITS} digits") from None


def read_decimal(value: Any, *, form: str | None = None) -> Decimal:
    """A decimal without trailing zeros, so that 1.5 and 1.50 are the same state.

    Args:
        value: a number, or text that is one.
        form: `cents` for hundredths; None for the number itself.
    """
    number = read_number(value)
    if form == CENTS:
        number = number.scaleb(-2, _EXACT)
    if number.is_zero():
        return Decimal(0)
    if number.adjusted() >= WHOLE_DIGITS:
        raise _beyond(f"has more than {WHOLE_DIGITS} digits before the point")
    if number.adjusted() < -DECIMALS or _EXACT.remainder(number, _SMALLEST_STEP):
        raise _beyond(f"has more than {DECIMALS} decimals")
    stripped = number.normalize(_EXACT)
    return stripped.quantize(Decimal(1), context=_EXACT) if _exponent(stripped) > 0 else stripped


def _exponent(number: Decimal) -> int:
    return int(number.as_tuple().exponent)


def read_integer(value: Any) -> int:
    """A whole number of at most 64 bits; `5.0` is whole."""
    number = read_number(value)
    if number.adjusted() > DIGITS or abs(number) > _LARGEST_INTEGER:
        raise _beyond("does not fit 64 bits")
    if number.adjusted() < -DIGITS or number != number.to_integral_value():
        raise _wrong("should be a whole number, has decimals")
    return int(number)


def read_boolean(value: Any) -> bool:
    """A truth value, 0 or 1, or one of true/false, yes/no, on/off and their initials."""
    if isinstance(value, bool):
        return value
    known = _WORDS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
    if known is None:
        raise _wrong(f"should be a truth value, is {describe(value)}")
    return known


def read_instant(value: Any, *, zone: tzinfo = UTC, form: str | None = None) -> datetime:
    """An aware UTC instant.

    Args:
        value: ISO 8601 text with any offset, text or a number in `form`, or a datetime.
        zone: time zone of a stamp that names none; a date alone is its first moment there.
        form: strptime format, `epoch` (seconds) or `epoch_ms`, also as in `/Date(0)/`; None is
            ISO 8601.

    Raises:
        Misfit: it is none of these, or lies outside the years 1 to 9999.
    """
    stamp = _read_stamp(value, form)
    try:
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        raise _beyond("lies outside the years 1 to 9999") from None


def read_date(value: Any, *, zone: tzinfo = UTC, form: str | None = None) -> date:
    """A business date: an ISO 8601 date, or an instant's date in `zone`.

    A stamp without an offset is local already, so its own date stands.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    stamp = _read_stamp(value, form)
    try:
        return (stamp.astimezone(zone) if stamp.tzinfo else stamp).date()
    except (OverflowError, ValueError):
        raise _beyond("lies outside the years 1 to 9999") from None


def _read_stamp(value: Any, form: str | None) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone comes later
    if form is not None and form in _EPOCH_UNITS:
        return _read_epoch(value, _EPOCH_UNITS[form])
    if not isinstance(value, str):
        raise _wrong(f"should be a date or an instant, is {describe(value)}")
    text = value.strip()
    try:
        return datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 - the zone comes later
    except (ValueError, OverflowError):
        expected = f"in the form {form}" if form else "in ISO 8601"
        raise _wrong(f"should be a date or an instant {expected}, is other text") from None


def _read_epoch(value: Any, units_a_second: int) -> datetime:
    dressed = _JSON_DATE.fullmatch(value) if isinstance(value, str) else None
    number = read_number(dressed[1] if dressed else value)
    if number.adjusted() > DIGITS:
        raise _beyond("lies outside the years 1 to 9999")
    try:
        return _EPOCH + timedelta(microseconds=int(number * 1_000_000 / units_a_second))
    except OverflowError:
        raise _beyond("lies outside the years 1 to 9999") from None


def converter(
    field_type: FieldType, *, zone: str = "UTC", form: str | None = None, words: Mapping[str, str]
) -> Convert:
    """What turns a source's value into this type; `words` are the source's to canonical ones.

    Raises:
        ValueError: the time zone is not known.
    """
    convert = _plain_converter(field_type, read_zone(zone), form)
    return partial(_translate_and_convert, words, convert) if words else convert


def _translate_and_convert(words: Mapping[str, str], convert: Convert, value: Any) -> Value:
    word = read_text(value)
    return convert(words.get(word, value))


def _plain_converter(field_type: FieldType, zone: tzinfo, form: str | None) -> Convert:
    match field_type:
        case FieldType.TEXT:
            return read_text
        case FieldType.INTEGER:
            return read_integer
        case FieldType.DECIMAL:
            return partial(read_decimal, form=form)
        case FieldType.BOOLEAN:
            return read_boolean
        case FieldType.INSTANT:
            return partial(read_instant, zone=zone, form=form)
        case FieldType.DATE:
            return partial(read_date, zone=zone, form=form)


def read_zone(name: str) -> tzinfo:
    """The IANA time zone of this name.

    Raises:
        ValueError: there is none.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"time zone '{name}' is not known (IANA names such as Europe/Berlin)"
        ) from None


_DESCRIPTIONS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (str, "text"),
    (bool, "a truth value"),
    ((int, float, Decimal), "a number"),
    (date, "a date"),
    (Mapping, "an object"),
    ((list, tuple), "a list"),
    (type(None), "nothing"),
)


def describe(value: Any) -> str:
    """What kind of thing a value is, for a person, without the value."""
    if isinstance(value, Flaw):
        return value.why
    fitting = (text for types, text in _DESCRIPTIONS if isinstance(value, types))
    return next(fitting, f"of type {type(value).__name__}")
