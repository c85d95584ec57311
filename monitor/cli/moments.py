"""Instants and lengths of time as people type them."""

from datetime import UTC, datetime, timedelta

import typer

from monitor.core.streams import read_duration


def read_instant(text: str) -> datetime:
    """An ISO 8601 instant or date; UTC where it names no zone, a date meaning its very end.

    Raises:
        typer.BadParameter: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write an instant such as 2026-03-31T22:00Z") from None
    if len(text) <= len("2026-03-31"):
        moment += timedelta(days=1) - timedelta(microseconds=1)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_beginning(text: str) -> datetime:
    """The same, but that a date means its very beginning.

    Raises:
        typer.BadParameter: it is neither.
    """
    moment = read_instant(text)
    is_date = len(text) <= len("2026-03-31")
    return moment + timedelta(microseconds=1) - timedelta(days=1) if is_date else moment


def read_length(text: str) -> timedelta:
    """A length of time such as `1d`.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return read_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
