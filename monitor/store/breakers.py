"""Breakers: what is remembered of each target's failures."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from monitor.core.breakers import Breaker
from monitor.core.policies import BreakerSettings
from monitor.store.bulk import hold, upsert
from monitor.store.correction_tables import breaker


def load_breaker(connection: Connection, system: str) -> Breaker:
    """What is remembered of a target; nothing where it never failed."""
    query = select(breaker.c.failures, breaker.c.opened_at).where(breaker.c.system == system)
    row = connection.execute(query).one_or_none()
    return Breaker() if row is None else Breaker(row.failures, row.opened_at)


def load_breakers(connection: Connection) -> dict[str, Breaker]:
    """By system, of those that failed since they last worked."""
    return {
        row.system: Breaker(row.failures, row.opened_at)
        for row in connection.execute(select(breaker))
    }


def note_failure(
    connection: Connection, system: str, settings: BreakerSettings, now: datetime
) -> Breaker:
    """Remember one more failure; returns what is remembered now."""
    hold(connection, f"breaker {system}")
    after = load_breaker(connection, system).failed(settings, now)
    values = {"failures": after.failures, "opened_at": after.opened_at}
    connection.execute(
        upsert(connection, breaker)
        .values(system=system, **values)
        .on_conflict_do_update(index_elements=["system"], set_=values)
    )
    return after


def note_success(connection: Connection, system: str) -> None:
    """It works: forget its failures."""
    connection.execute(delete(breaker).where(breaker.c.system == system))
