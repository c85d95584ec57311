"""Tell a person what tieout cannot, or may not, put right by itself."""

from datetime import datetime

from alerts.compose import handed_over_notice
from alerts.routing import route
from monitor.core.notices import Notice
from monitor.core.showing import show_value
from monitor.correcting.task import Task
from monitor.estate import Estate
from monitor.incidents.audience import companies_of
from monitor.incidents.raising import raise_by_hand
from monitor.store import breaks, outbox
from monitor.store.database import Connection


def tell_person(
    connection: Connection, task: Task, estate: Estate, why: str, now: datetime
) -> None:
    """Put everything that a person needs on its way to the channels that hear of corrections.

    Args:
        connection: a write transaction.
        task: the correction.
        estate: for its channels and routes.
        why: what is to be done, or what went wrong.
        now: the present.
    """
    standing = breaks.find_break(connection, task.correction.fingerprint)
    if standing is None:
        return
    text = f"{why} (correction {task.entry.id})"
    notice = handed_over_notice(standing, text, now, estate.address, estate.titles)
    found = standing.finding
    own = companies_of(connection, estate, [found]).get(
        (found.flow, found.transaction), frozenset()
    )
    channels = estate.corrections.tell or route(notice, estate.routing, own)
    outbox.enqueue(connection, notice, estate.only_feeds(channels), now)
    raise_by_hand(connection, estate, standing, tell_in_full(notice), channels, now)


def tell_in_full(notice: Notice) -> str:
    """A hand-over in one paragraph: why a person, what is wrong where, whose it is, and a link.

    Incidents and tickets show it as it stands, so that nobody has to look anything up.
    """
    place = " ".join(part for part in (notice.system, notice.entity, notice.record_id) if part)
    field = f", field {notice.field}" if notice.field else ""
    parts = [
        f"{notice.why.rstrip('.')}.",
        f"Where: {place}{field}, deal {notice.transaction}.",
        _values(notice),
        f"Owner: {notice.owner}." if notice.owner else "",
        notice.link,
    ]
    return " ".join(part for part in parts if part)


def _values(notice: Notice) -> str:
    """Both values, as far as there are any."""
    said = []
    if notice.actual is not None:
        said.append(f"It says {show_value(notice.actual, notice.field)}")
    if notice.expected is not None:
        expected = show_value(notice.expected, notice.field)
        said.append(f"{'it' if said else 'It'} should say {expected}")
    return f"{'; '.join(said)}." if said else ""
