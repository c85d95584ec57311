"""What stands in incidents: breaks that belong to them, and streams that cannot be seen."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from monitor.core.breaks import HEARD_STATES, Break, BreakKind, Severity
from monitor.core.incidents import CauseKind, IncidentState
from monitor.core.model import StreamId
from monitor.store.breaks import read_break
from monitor.store.bulk import listed_ids, listed_texts, upsert
from monitor.store.incident_tables import incident, incident_break, incident_stream
from monitor.store.schema import breaks

_HEARD = sorted(state.value for state in HEARD_STATES)


class Stake(NamedTuple):
    """What one break that stands puts at stake, and what routes and silences look at."""

    fingerprint: str
    flow: str
    transaction: str
    kind: BreakKind
    severity: Severity
    system: str
    owner: str
    value_at_risk: Decimal | None
    currency: str


class Lone(NamedTuple):
    """A break that stands by itself in the incident of its deal, which nobody looks after.

    Attributes:
        fingerprint: of the break.
        opened_at: when the break opened.
    """

    fingerprint: str
    opened_at: datetime


def join_incidents(connection: Connection, places: Mapping[str, int]) -> None:
    """Let breaks belong to incidents from now on, each to the one given and to no other."""
    if not places:
        return
    before = select(incident_break.c.fingerprint, incident_break.c.incident_id).where(
        incident_break.c.fingerprint.in_(listed_texts(connection, places)),
        incident_break.c.is_current,
    )
    left = [pair for pair in connection.execute(before).all() if places[pair[0]] != pair[1]]
    rows = [(*pair, False) for pair in left]
    rows += [(fingerprint, number, True) for fingerprint, number in places.items()]
    statement = upsert(connection, incident_break)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["fingerprint", "incident_id"],
            set_={"is_current": statement.excluded.is_current},
        ),
        [dict(zip(incident_break.c.keys(), row, strict=True)) for row in sorted(rows)],
    )


def incidents_of(connection: Connection, fingerprints: Collection[str]) -> dict[str, int]:
    """By break, the incident that it belongs to now."""
    query = select(incident_break.c.fingerprint, incident_break.c.incident_id).where(
        incident_break.c.fingerprint.in_(listed_texts(connection, fingerprints)),
        incident_break.c.is_current,
    )
    return dict(connection.execute(query).all())


def stakes_of(connection: Connection, numbers: Collection[int]) -> dict[int, list[Stake]]:
    """What the breaks of some incidents that stand and are heard of put at stake."""
    columns = [breaks.c[name] for name in Stake._fields]
    # Joined, and not `IN`: SQLite would go through the whole list again for each break.
    wanted = listed_ids(connection, numbers).subquery()
    query = (
        select(incident_break.c.incident_id, *columns)
        .select_from(wanted)
        .join(incident_break, incident_break.c.incident_id == wanted.c.value)
        .join(breaks, incident_break.c.fingerprint == breaks.c.fingerprint)
        .where(incident_break.c.is_current, breaks.c.state.in_(_HEARD))
    )
    found: dict[int, list[Stake]] = {number: [] for number in numbers}
    for number, *row in connection.execute(query):
        kind, severity = BreakKind(row[3]), Severity(row[4])
        found[number].append(Stake(row[0], row[1], row[2], kind, severity, *row[5:]))
    return found


def lone_breaks(
    connection: Connection, rules: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], list[Lone]]:
    """By flow, rule and system, the breaks that stand by themselves."""
    query = (
        select(
            breaks.c.flow,
            breaks.c.rule,
            breaks.c.system,
            breaks.c.fingerprint,
            breaks.c.opened_at,
        )
        .join(incident_break, incident_break.c.fingerprint == breaks.c.fingerprint)
        .join(incident, incident.c.id == incident_break.c.incident_id)
        .where(
            incident.c.cause == CauseKind.DEAL.value,
            incident.c.state == IncidentState.OPEN.value,
            incident_break.c.is_current,
            breaks.c.state.in_(_HEARD),
            breaks.c.rule.in_(listed_texts(connection, {rule for _, rule, _ in rules})),
        )
        .order_by(breaks.c.fingerprint)
    )
    found: defaultdict[tuple[str, str, str], list[Lone]] = defaultdict(list)
    for flow, rule, system, *row in connection.execute(query):
        if (flow, rule, system) in rules:
            found[flow, rule, system].append(Lone(*row))
    return dict(found)


def breaks_of(connection: Connection, number: int) -> tuple[list[Break], int]:
    """The breaks of an incident that stand and are heard of, and how many it ever had."""
    query = (
        select(breaks)
        .join(incident_break, incident_break.c.fingerprint == breaks.c.fingerprint)
        .where(incident_break.c.incident_id == number)
        .order_by(breaks.c.opened_at, breaks.c.fingerprint)
    )
    standing = query.where(incident_break.c.is_current, breaks.c.state.in_(_HEARD))
    ever = select(func.count()).where(incident_break.c.incident_id == number)
    found = [read_break(row) for row in connection.execute(standing)]
    return found, connection.execute(ever).scalar_one()


def count_ever(connection: Connection, numbers: Collection[int]) -> int:
    """How many breaks some incidents ever had."""
    query = select(func.count(incident_break.c.fingerprint.distinct())).where(
        incident_break.c.incident_id.in_(listed_ids(connection, numbers))
    )
    return connection.execute(query).scalar_one()


def last_break_of(connection: Connection, number: int) -> Break | None:
    """The break of an incident that was the last to go."""
    query = (
        select(breaks)
        .join(incident_break, incident_break.c.fingerprint == breaks.c.fingerprint)
        .where(incident_break.c.incident_id == number)
        .order_by(breaks.c.seen_at.desc(), breaks.c.fingerprint)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else read_break(row)


def note_blind(connection: Connection, number: int, stream: StreamId, since: datetime) -> None:
    """Let an incident tell that a stream cannot be seen; one that is told of stays there."""
    statement = upsert(connection, incident_stream)
    values = {"stream": str(stream), "incident_id": number, "since": since}
    connection.execute(statement.on_conflict_do_nothing(index_elements=["stream"]), [values])


def forget_blind(connection: Connection, stream: StreamId) -> int | None:
    """The stream can be seen again; the incident that told of it, or None where none did."""
    mine = incident_stream.c.stream == str(stream)
    number = connection.execute(select(incident_stream.c.incident_id).where(mine)).scalar()
    connection.execute(incident_stream.delete().where(mine))
    return number


def blind_streams_of(
    connection: Connection, numbers: Collection[int]
) -> dict[int, dict[StreamId, datetime]]:
    """The streams that cannot be seen, and since when, as far as some incidents tell of them."""
    query = (
        select(incident_stream.c.incident_id, incident_stream.c.stream, incident_stream.c.since)
        .where(incident_stream.c.incident_id.in_(listed_ids(connection, numbers)))
        .order_by(incident_stream.c.stream)
    )
    found: dict[int, dict[StreamId, datetime]] = {number: {} for number in numbers}
    for number, stream, since in connection.execute(query):
        found[number][StreamId.parse(stream)] = since
    return found
