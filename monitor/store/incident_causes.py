"""What was worked out of an incident's reason, kept so that it is worked out once."""

from datetime import datetime

from sqlalchemy import Connection, select

from monitor.core.circumstances import Cause
from monitor.store.bulk import upsert
from monitor.store.incident_tables import incident_cause


def load_cause(connection: Connection, number: int, fingerprint: str, episode: int) -> Cause | None:
    """What is known of an incident by this break; None where nobody has worked it out."""
    row = connection.execute(
        select(incident_cause.c.likely, incident_cause.c.shared, incident_cause.c.remedy).where(
            incident_cause.c.incident_id == number,
            incident_cause.c.fingerprint == fingerprint,
            incident_cause.c.episode == episode,
        )
    ).one_or_none()
    return None if row is None else Cause(*row)


def keep_cause(
    connection: Connection, number: int, fingerprint: str, episode: int, cause: Cause, now: datetime
) -> None:
    """Keep it in the place of what was known by another break."""
    values = {
        "fingerprint": fingerprint,
        "episode": episode,
        "likely": cause.likely,
        "shared": cause.shared,
        "remedy": cause.remedy,
        "worked_out_at": now,
    }
    connection.execute(
        upsert(connection, incident_cause)
        .values(incident_id=number, **values)
        .on_conflict_do_update(index_elements=["incident_id"], set_=values)
    )
