"""Tell: steps in breaks' lives set out on their way to people, in the steps' own transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime

from alerts.compose import notice_of
from alerts.routing import route
from monitor.core.breaks import Break, Transition
from monitor.core.ignores import heard
from monitor.estate import Estate
from monitor.incidents.audience import companies_of
from monitor.incidents.raising import raise_incidents
from monitor.store import outbox
from monitor.store.database import Connection


def tell(
    connection: Connection,
    estate: Estate,
    steps: Sequence[Transition],
    known: Collection[Break],
    now: datetime,
) -> None:
    """Put what shall be heard of some steps on its way.

    Machines get each step as a notice of its own; people get incidents, as they stand.

    Args:
        connection: the write transaction that the steps are stored in, after them.
        estate: for its channels and routes.
        steps: what happened to breaks, whether or not anybody hears of it.
        known: the breaks of the same deals as they are after it.
        now: the present.
    """
    if estate.only_feeds(estate.channels):
        _feed(connection, estate, list(heard(steps)), now)
    raise_incidents(connection, estate, steps, known, now)


def _feed(
    connection: Connection, estate: Estate, told: Sequence[Transition], now: datetime
) -> None:
    companies = companies_of(connection, estate, [step.after.finding for step in told])
    for step in told:
        notice = notice_of(step, estate.address, estate.titles)
        if notice is not None:
            found = step.after.finding
            own = companies.get((found.flow, found.transaction), frozenset())
            feeds = estate.only_feeds(route(notice, estate.routing, own))
            outbox.enqueue(connection, notice, feeds, now)
