"""Values as people read them. Nothing is rounded: two that differ must look different."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MAX_DIGITS = 40
_MONEY = frozenset({"amount", "rate"})


def show_instant(moment: datetime) -> str:
    """UTC, `2026-03-02 08:00`; seconds and their fractions only where there are any."""
    moment = moment.astimezone(UTC)
    shown = f"{moment:%Y-%m-%d %H:%M}"
    if moment.microsecond:
        return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond:06d}".rstrip("0")
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else shown


def show_minute(moment: datetime | None) -> str:
    """UTC to the minute, where the order of things is meant and not a value; empty for None."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def show_count(count: int, noun: str) -> str:
    """`1 row`, `1,200 rows`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def show_money(amount: Decimal, currency: str = "") -> str:
    """`161,607.40 CHF`: every digit that says something, at least two behind the point."""
    whole, _, fraction = f"{amount:,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2} {currency}".strip()


def show_text(value: str | int | bool | None) -> str | None:
    """A stored canonical value as text; None stays None."""
    match value:
        case bool():
            return "yes" if value else "no"
        case _:
            return None if value is None else str(value)


def show_value(text: str | None, field: str = "") -> str:
    """A canonical value that was stored as text; empty for None.

    Args:
        text: as `monitor.core.model.encode_value` leaves it, or plain words.
        field: canonical field that it is of.
    """
    if text is None:
        return ""
    if _INSTANT.fullmatch(text):
        return show_instant(datetime.fromisoformat(text))
    if field in _MONEY:
        try:
            amount = Decimal(text)
        except InvalidOperation:
            return text
        # Written out, a number such as 1E+999999 would fill the page.
        is_sane = amount.is_finite() and abs(amount.adjusted()) <= _MAX_DIGITS
        return show_money(amount) if is_sane else text
    return text
