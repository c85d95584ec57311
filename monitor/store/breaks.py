"""Breaks as they stand, and every step of their lives."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from monitor.core.at_risk import Worth, sum_at_risk
from monitor.core.breaks import (
    LIVE_STATES,
    Break,
    BreakKind,
    BreakState,
    Classification,
    Finding,
    Severity,
    Transition,
    TransitionKind,
)
from monitor.core.errors import Permanent, Reason
from monitor.core.people import Limits
from monitor.store.bulk import Row as RawRow
from monitor.store.bulk import insert_rows, listed_texts, upsert_rows
from monitor.store.columns import to_digits, to_microseconds
from monitor.store.limits import is_break_seen
from monitor.store.schema import break_transition, breaks

_FINDING = tuple(field.name for field in fields(Finding))
_LIFE = ("state", "episode", "suspected_at", "opened_at", "resolved_at", "seen_at")
_STEP = ("fingerprint", "sequence", "at", "kind", "before", "after", "who", "why", "evidence")


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One step in a break's life as it was stored; `evidence` is what was looked at."""

    sequence: int
    at: datetime
    kind: TransitionKind
    before: BreakState | None
    after: BreakState
    who: str
    why: str
    evidence: Mapping[str, Any]


def load_breaks(connection: Connection, flow: str, transactions: Collection[str]) -> list[Break]:
    """Every break of these transactions, whatever its state, by fingerprint."""
    query = select(breaks).where(
        breaks.c.flow == flow, breaks.c.transaction.in_(listed_texts(connection, transactions))
    )
    return [read_break(row) for row in connection.execute(query.order_by(breaks.c.fingerprint))]


def breaks_of_rule(connection: Connection, flow: str, rule: str) -> list[Break]:
    """Every break that a rule of a flow ever found, whatever its state, by fingerprint."""
    query = select(breaks).where(breaks.c.flow == flow, breaks.c.rule == rule)
    return [read_break(row) for row in connection.execute(query.order_by(breaks.c.fingerprint))]


def apply_transitions(
    connection: Connection,
    transitions: Sequence[Transition],
    who: str,
    evidence: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Store each step, and the break as it is after it.

    Args:
        connection: a write transaction.
        transitions: steps in order; a break may take several.
        who: who did it; the daemon or a person.
        evidence: what was looked at, by fingerprint.
    """
    if not transitions:
        return
    latest = {step.after.fingerprint: step.after for step in transitions}
    columns = ("fingerprint", *_FINDING, *_LIFE)
    upsert_rows(connection, breaks, columns, [_write(key, each) for key, each in latest.items()])
    sequences = _last_sequences(connection, latest.keys())
    steps: list[RawRow] = []
    for step in transitions:
        fingerprint = step.after.fingerprint
        sequences[fingerprint] += 1
        looked_at = (evidence or {}).get(fingerprint, {})
        steps.append(
            (
                fingerprint,
                sequences[fingerprint],
                to_microseconds(step.at),
                step.kind.value,
                None if step.before is None else step.before.value,
                step.after.state.value,
                who,
                step.why,
                msgspec.json.encode(looked_at, order="sorted").decode(),
            )
        )
    insert_rows(connection, break_transition, _STEP, steps)


def note_seen(connection: Connection, fingerprints: Collection[str], now: datetime) -> None:
    """The evidence for these breaks was looked at again and nothing changed."""
    connection.execute(
        breaks.update()
        .where(breaks.c.fingerprint.in_(listed_texts(connection, fingerprints)))
        .values(seen_at=now)
    )


class Place(NamedTuple):
    """Where a break stands in the order of lists."""

    suspected_at: datetime
    fingerprint: str


def place_of(item: Break) -> Place:
    """Its place; the next part of a list begins after it."""
    return Place(item.suspected_at, item.fingerprint)


def list_breaks(
    connection: Connection,
    *,
    flow: str | None = None,
    states: Collection[BreakState] = LIVE_STATES,
    kinds: Collection[BreakKind] = (),
    severities: Collection[Severity] = (),
    systems: Collection[str] = (),
    owner: str | None = None,
    transaction: str | None = None,
    limit: int | None = 1000,
    after: Place | None = None,
    limits: Limits | None = None,
) -> list[Break]:
    """Breaks that fit every filter, the oldest first; an empty filter lets everything through.

    Args:
        connection: to read with.
        flow: only of this business process.
        states: only in one of these.
        kinds: only of one of these.
        severities: likewise.
        systems: only in one of these.
        owner: only those that this one holds.
        transaction: only of this deal.
        limit: at most so many.
        after: only those that come after this place.
        limits: of whoever asks; None: they see the breaks of every deal.
    """
    query = select(breaks) if limits is None else select(breaks).where(is_break_seen(limits))
    for column, values in (
        (breaks.c.kind, kinds),
        (breaks.c.severity, severities),
        (breaks.c.system, systems),
    ):
        if values:
            query = query.where(column.in_([str(value) for value in values]))
    for column, value in (
        (breaks.c.flow, flow),
        (breaks.c.owner, owner),
        (breaks.c.transaction, transaction),
    ):
        if value is not None:
            query = query.where(column == value)
    at, fingerprint = breaks.c.suspected_at, breaks.c.fingerprint
    if after is not None:
        is_later = or_(at > after.suspected_at, fingerprint > after.fingerprint)
        query = query.where(at >= after.suspected_at, is_later)
    query = query.order_by(at, fingerprint).limit(limit)
    # State by state, because an index has each of them in order; together it would sort them all.
    found = (
        [query.where(breaks.c.state == str(state)) for state in sorted(set(states))]
        if states
        else [query]
    )
    rows = merge(
        *([read_break(row) for row in connection.execute(each)] for each in found), key=place_of
    )
    return list(islice(rows, limit))


def find_break(connection: Connection, prefix: str) -> Break | None:
    """The break whose fingerprint starts so; None where there is none.

    Raises:
        Permanent: more than one does.
    """
    # As a range, which an index answers; digits of a hash come before any letter behind `f`.
    fingerprint = breaks.c.fingerprint
    query = select(breaks).where(fingerprint >= prefix, fingerprint < f"{prefix}g").limit(2)
    found = connection.execute(query).all()
    if len(found) > 1:
        raise Permanent(f"more than one break starts with {prefix}", reason=Reason.REFUSED)
    return read_break(found[0]) if found else None


def history_of(connection: Connection, fingerprint: str) -> list[HistoryStep]:
    """Every step in a break's life, in order."""
    query = select(break_transition).where(break_transition.c.fingerprint == fingerprint)
    return [
        HistoryStep(
            row.sequence,
            row.at,
            TransitionKind(row.kind),
            None if row.before is None else BreakState(row.before),
            BreakState(row.after),
            row.who,
            row.why,
            msgspec.json.decode(row.evidence),
        )
        for row in connection.execute(query.order_by(break_transition.c.sequence))
    ]


def standing_breaks(connection: Connection) -> list[Break]:
    """Every break that stands, the oldest first."""
    return list_breaks(connection, limit=None)


def open_counts(
    connection: Connection, states: Collection[BreakState] = LIVE_STATES
) -> dict[tuple[BreakKind, str, Severity], int]:
    """How many breaks stand, or are in one of these states, by kind, system and severity."""
    group = (breaks.c.kind, breaks.c.system, breaks.c.severity)
    query = select(*group, func.count()).where(_are_in(states)).group_by(*group)
    return {
        (BreakKind(kind), system, Severity(severity)): count
        for kind, system, severity, count in connection.execute(query)
    }


def oldest_by_severity(
    connection: Connection, states: Collection[BreakState]
) -> dict[Severity, datetime]:
    """When the oldest break in one of these states was opened, by severity."""
    query = (
        select(breaks.c.severity, func.min(breaks.c.opened_at))
        .where(_are_in(states), breaks.c.opened_at.is_not(None))
        .group_by(breaks.c.severity)
    )
    return {Severity(severity): at for severity, at in connection.execute(query)}


def value_at_risk(
    connection: Connection, states: Collection[BreakState] = LIVE_STATES
) -> dict[str, Decimal]:
    """Exact sums of the money that depends on breaks in these states, by currency."""
    query = select(
        breaks.c.flow, breaks.c.transaction, breaks.c.currency, breaks.c.value_at_risk
    ).where(_are_in(states), breaks.c.value_at_risk.is_not(None))
    return sum_at_risk(Worth(*row) for row in connection.execute(query))


def _are_in(states: Collection[BreakState]) -> ColumnElement[bool]:
    return breaks.c.state.in_(sorted(state.value for state in states))


def _last_sequences(connection: Connection, fingerprints: Collection[str]) -> Counter[str]:
    query = (
        select(break_transition.c.fingerprint, func.max(break_transition.c.sequence))
        .where(break_transition.c.fingerprint.in_(listed_texts(connection, fingerprints)))
        .group_by(break_transition.c.fingerprint)
    )
    return Counter(dict(connection.execute(query).all()))


def _write(fingerprint: str, item: Break) -> RawRow:
    """The row of a break, as the database holds it."""
    finding = item.finding
    raw = {
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "classification": finding.classification.value,
        "value_at_risk": to_digits(finding.value_at_risk),
        "since": _raw_instant(finding.since),
    }
    return (
        fingerprint,
        *(raw[name] if name in raw else getattr(finding, name) for name in _FINDING),
        item.state.value,
        item.episode,
        *map(_raw_instant, (item.suspected_at, item.opened_at, item.resolved_at, item.seen_at)),
    )


def _raw_instant(instant: datetime | None) -> int | None:
    return None if instant is None else to_microseconds(instant)


def read_break(row: Row[Any]) -> Break:
    """A break as its row says."""
    facts = {name: getattr(row, name) for name in _FINDING}
    facts["kind"], facts["severity"] = BreakKind(row.kind), Severity(row.severity)
    facts["classification"] = Classification(row.classification)
    return Break(
        finding=Finding(**facts),
        state=BreakState(row.state),
        suspected_at=row.suspected_at,
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        seen_at=row.seen_at,
        episode=row.episode,
    )
