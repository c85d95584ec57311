"""Acts on incidents: look after one, give it away, let it wait, let it go, hear no more of it."""

from monitor.acting.asked import Asked
from monitor.acting.breaks import set_aside
from monitor.core.breaks import Break
from monitor.core.errors import Permanent, Reason
from monitor.core.incidents import Incident
from monitor.core.showing import show_minute
from monitor.incidents import handling
from monitor.store.incident_contents import breaks_of
from monitor.store.incidents import load_incident


def acknowledge(asked: Asked) -> str:
    """Whoever asks looks after the incident."""
    _check_holder(asked)
    number, name = asked.shown.incident, asked.person.name
    done = handling.acknowledge(asked.database, number, name, asked.lasts, asked.clock)
    return f"You look after incident {done.id} until {_until(done)}."


def snooze(asked: Asked) -> str:
    """The incident waits, and whoever asks looks after it."""
    if asked.until is None:
        raise Permanent("nothing waits without an end", reason=Reason.REFUSED)
    _check_holder(asked)
    number, name = asked.shown.incident, asked.person.name
    done = handling.snooze(asked.database, number, name, asked.until, asked.clock)
    return f"Incident {done.id} waits until {_until(done)}; you look after it."


def assign(asked: Asked) -> str:
    """Somebody else shall look after it."""
    if asked.chosen is None:
        raise Permanent("tieout does not know whom you chose", reason=Reason.REFUSED)
    _check_holder(asked)
    number, to, name = asked.shown.incident, asked.chosen.name, asked.person.name
    done = handling.assign(asked.database, number, to, name, asked.lasts, asked.clock)
    return f"{done.acknowledged_by} looks after incident {done.id} until {_until(done)}."


def release(asked: Asked) -> str:
    """Nobody looks after it any more."""
    _check_holder(asked)
    done = handling.release(asked.database, asked.shown.incident, asked.person.name, asked.clock)
    return f"Nobody looks after incident {done.id} now."


def ignore(asked: Asked) -> str:
    """Nobody hears of the incident's breaks for some days, as they stand now."""
    return set_aside(asked, standing_breaks_of(asked))


def standing_breaks_of(asked: Asked) -> list[Break]:
    """The breaks of the incident.

    Raises:
        Permanent: none of them stands any more.
    """
    with asked.database.read() as connection:
        standing, _ = breaks_of(connection, asked.shown.incident)
    if not standing:
        raise Permanent("no break of it stands any more", reason=Reason.CONFLICT)
    return standing


def _check_holder(asked: Asked) -> None:
    """Whoever looks after it is whom was shown.

    Raises:
        Permanent: somebody else has come or gone since; says who.
    """
    with asked.database.read() as connection:
        known = load_incident(connection, asked.shown.incident)
    if known is None:
        raise Permanent("there is no such incident", reason=Reason.NOT_FOUND)
    if known.acknowledged_by not in (asked.shown.holder, asked.person.name):
        holder = known.acknowledged_by
        now = f"{holder} looks after it until {_until(known)}" if holder else "nobody does now"
        raise Permanent(f"meanwhile that has changed: {now}", reason=Reason.CONFLICT)


def _until(incident: Incident) -> str:
    return f"{show_minute(incident.acknowledged_until)} UTC"
