"""Terms: whether a record's day falls into the time in which another record is in force."""

from typing import Self
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import model_validator

from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.streams import Settings
from reconcilers.names import find_field


class TermSettings(Settings):
    """A day of the one record, and the first and last one of the other."""

    day: str
    """Date or instant of the record that needs something; without a value it fits any term."""
    begins: str | None = None
    """Date or instant from which the needed record is in force; without a value it is not yet."""
    ends: str | None = None
    """Date or instant up to which it is, inclusive; without a value it still is."""
    zone: str = "UTC"
    """IANA time zone in which an instant's date is read, where it meets a date."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.begins is None and self.ends is None:
            raise ValueError("say when the term begins, or when it ends")
        return self


def within_term(
    term: TermSettings, context: RuleContext, stream: StreamId, needed: StreamId, prefix: str
) -> pl.Expr:
    """Whether the day falls into the term.

    Args:
        term: what is compared.
        context: for the types of the fields.
        stream: whose day it is.
        needed: whose term it is.
        prefix: stands before the names of the needed record's columns.

    Raises:
        ValueError: a field is unknown or tells no time, or the time zone does not exist.
    """
    try:
        zone = ZoneInfo(term.zone)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(f"'{term.zone}' is not a time zone of the IANA database") from error
    times = (FieldType.INSTANT, FieldType.DATE)
    bounds = [bound for bound in (term.begins, term.ends) if bound is not None]
    types = {bound: find_field(context, needed, bound, *times) for bound in bounds}
    day_type = find_field(context, stream, term.day, *times)
    as_dates = {day_type, *types.values()} != {FieldType.INSTANT}

    def moment(column: str, field_type: FieldType) -> pl.Expr:
        if as_dates and field_type is FieldType.INSTANT:
            return pl.col(column).dt.convert_time_zone(zone.key).dt.date()
        return pl.col(column)

    day = moment(term.day, day_type)
    fits = pl.lit(value=True)
    if term.begins is not None:
        fits &= (moment(prefix + term.begins, types[term.begins]) <= day).fill_null(value=False)
    if term.ends is not None:
        fits &= (day <= moment(prefix + term.ends, types[term.ends])).fill_null(value=True)
    return day.is_null() | fits
