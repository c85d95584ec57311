"""Periods that people ask for by two dates."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, NamedTuple

from fastapi import HTTPException, Query

USUAL: Final = timedelta(days=30)
DAY: Final = timedelta(days=1)

Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="A date, in UTC.")]


class Period(NamedTuple):
    """From an instant to another."""

    since: datetime
    until: datetime


def read_period(first: str, last: str, now: datetime) -> Period:
    """From the beginning of one day to the end of another, but not beyond the present.

    Args:
        first: a date; empty: 30 days before the end.
        last: a date; empty: the present.
        now: the present.

    Raises:
        HTTPException: no such period can be.
    """
    try:
        until = min(_beginning(last) + DAY, now) if last else now
        since = _beginning(first) if first else until - USUAL
    except (ValueError, OverflowError):
        raise HTTPException(422, "there is no such date") from None
    if since >= until:
        raise HTTPException(422, "a period begins before it ends, and before the present")
    return Period(since, until)


def _beginning(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), UTC)
