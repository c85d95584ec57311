"""Column types that mean the same on every database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

PlainText = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text compared and sorted by code point, so that order does not depend on the server's locale."""

Identity = BigInteger().with_variant(Integer(), "sqlite")
"""A generated key; on SQLite only INTEGER is the row's own number."""


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z.

    Raises:
        ValueError: the instant names no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone cannot be stored")
    return (instant - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The aware UTC instant that many microseconds after 1970-01-01T00:00Z."""
    return _EPOCH + count * _MICROSECOND


def to_digits(value: Decimal | None) -> str | None:
    """A decimal's own digits, without an exponent."""
    return None if value is None else format(value, "f")


class Instant(TypeDecorator[datetime]):
    """An aware instant as microseconds since the epoch; naive ones are refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else from_microseconds(value)


class Exact(TypeDecorator[Decimal]):
    """A decimal as its own digits.

    A finding is compared with what was stored of it, so a value must come back as it was,
    whatever its scale and size. SQLite has no exact decimals to add up; sums are made in Python.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """To the database."""
        return to_digits(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """From the database."""
        return None if value is None else Decimal(value)
