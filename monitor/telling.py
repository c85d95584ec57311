"""Tell: a step in a break's life becomes a notice on its way, in the step's own transaction."""

from datetime import datetime

from alerts.compose import notice_of
from alerts.routing import route
from monitor.core.breaks import Transition
from monitor.estate import Estate
from monitor.store import outbox
from monitor.store.database import Connection


def tell(connection: Connection, estate: Estate, step: Transition, now: datetime) -> None:
    """Put what people shall hear of the step, if anything, on its way to them."""
    notice = notice_of(step, estate.address, estate.titles)
    if notice is not None:
        outbox.enqueue(connection, notice, route(notice, estate.routes), now)
