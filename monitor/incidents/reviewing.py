"""Review: what time alone does to incidents, seen to before channels are told of them.

Each part asks the store, by an index, for what is due, and writes only where something is. So the
cost follows what is due and not what stands, let alone the estate.
"""

from datetime import datetime

from monitor.core.incidents import WATCH, EventKind, IncidentState
from monitor.estate import Estate
from monitor.incidents.digests import close_digests
from monitor.incidents.escalating import escalate
from monitor.incidents.silencing import settle_silences
from monitor.incidents.standing import NO_NEWS, bring_up_to_date
from monitor.store import incidents, tellings
from monitor.store.database import Database


def review_incidents(estate: Estate, database: Database, now: datetime) -> None:
    """Let acknowledgements lapse, silences end, urgency rise, shifts change and chains go on.

    Raises:
        Transient, Permanent: the store failed; what was done before stays done.
    """
    _let_lapse(database, now)
    settle_silences(estate, database, now)
    _judge_anew(estate, database, now)
    escalate(estate, database, now)
    close_digests(database, now)


def _let_lapse(database: Database, now: datetime) -> None:
    """An acknowledgement that nobody renewed holds no longer."""
    with database.read() as connection:
        over = incidents.lapsed(connection, now)
    for number in over:
        with database.write() as connection:
            incidents.hold_incidents(connection)
            if number not in incidents.lapsed(connection, now):
                continue
            why = "The acknowledgement has lapsed, and it still stands."
            incidents.add_event(connection, number, EventKind.LAPSED, WATCH, why, now)
            incidents.change_incident(
                connection,
                number,
                state=IncidentState.OPEN.value,
                acknowledged_by="",
                acknowledged_until=None,
            )
            tellings.mark_behind(connection, number, now)


def _judge_anew(estate: Estate, database: Database, now: datetime) -> None:
    """What has stood long enough becomes more urgent; another shift takes over."""
    with database.read() as connection:
        due = incidents.to_review(connection, now)
    if not due:
        return
    with database.write() as connection:
        incidents.hold_incidents(connection)
        still_due = incidents.to_review(connection, now)
        bring_up_to_date(connection, estate, dict.fromkeys(still_due, NO_NEWS), now)
