"""How many records streams had, and how late the store's own stamps are."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.core.model import StreamId
from monitor.store.correction_tables import plan
from monitor.store.schema import audit, record, stream_day, stream_state


def count_records(connection: Connection, stream: StreamId) -> int:
    """How many records the system has, as far as it was looked at."""
    of_stream = (record.c.stream == str(stream)) & record.c.deleted.is_(False)
    return connection.execute(select(func.count()).where(of_stream)).scalar_one()


def count_lost(connection: Connection, stream: StreamId, since: datetime) -> int:
    """How many records were seen to be gone since then."""
    of_stream = (record.c.stream == str(stream)) & record.c.deleted.is_(True)
    return connection.execute(
        select(func.count()).where(of_stream, record.c.observed_at >= since)
    ).scalar_one()


def listed_populations(
    connection: Connection, stream: StreamId, since: datetime, until: datetime
) -> list[int]:
    """How many rows the last complete listing of each earlier day (UTC) showed."""
    query = select(stream_day.c.population).where(
        stream_day.c.stream == str(stream),
        stream_day.c.day >= since.date(),
        stream_day.c.day < until.date(),
        stream_day.c.population.is_not(None),
    )
    return list(connection.execute(query).scalars())


def newest_stamp(connection: Connection) -> datetime | None:
    """The newest instant that our own clock has put into the store; None where there is none."""
    queries = (
        select(func.max(stream_state.c.last_attempt_at)),
        select(func.max(stream_state.c.last_success_at)),
        select(func.max(plan.c.made_at)),
        select(audit.c.at).order_by(audit.c.sequence.desc()).limit(1),
    )
    stamps = [connection.execute(query).scalar() for query in queries]
    return max((stamp for stamp in stamps if stamp is not None), default=None)
