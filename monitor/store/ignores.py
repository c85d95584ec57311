"""What people decided not to hear of."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select

from monitor.core.breaks import Break, BreakKind, Classification
from monitor.core.ignores import Decision, Ignore, Ignores, Pattern, Statement
from monitor.store.bulk import listed_texts
from monitor.store.schema import break_ignore, ignored_break


def add_ignore(
    connection: Connection, decision: Decision, named: Sequence[Break], now: datetime
) -> Ignore:
    """Keep a decision, and what each break that it names says now."""
    pattern = decision.pattern
    made = connection.execute(
        break_ignore.insert().values(
            owner=decision.owner,
            reason=decision.reason,
            until=decision.until,
            rule=pattern.rule,
            system=pattern.system,
            field=pattern.field,
            deal=pattern.deal,
            is_baseline=decision.is_baseline,
            made_at=now,
            ended_by="",
            ended_why="",
        )
    )
    (number,) = made.inserted_primary_key  # type: ignore[misc]  # a row of one column
    if named:
        connection.execute(insert(ignored_break), [_write(number, each) for each in named])
    return Ignore(number, decision, now, len(named))


def end_ignore(connection: Connection, number: int, now: datetime, who: str, why: str) -> bool:
    """Let an ignore cover nothing any more; False where it is unknown or has ended before."""
    ended = connection.execute(
        break_ignore.update()
        .where(
            break_ignore.c.id == number,
            break_ignore.c.ended_at.is_(None),
            or_(break_ignore.c.until.is_(None), break_ignore.c.until > now),
        )
        .values(ended_at=now, ended_by=who, ended_why=why)
    )
    return ended.rowcount == 1


def list_ignores(connection: Connection, in_force_at: datetime | None = None) -> list[Ignore]:
    """Ignores, the oldest first; all that there ever were, or those in force at an instant."""
    named = func.count(ignored_break.c.fingerprint).label("named")
    query = (
        select(break_ignore, named)
        .join_from(break_ignore, ignored_break, isouter=True)
        .group_by(break_ignore.c.id)
        .order_by(break_ignore.c.id)
    )
    found = [_read(row, row.named) for row in connection.execute(query)]
    return [each for each in found if in_force_at is None or each.is_in_force(in_force_at)]


def load_in_force(connection: Connection, now: datetime, fingerprints: Collection[str]) -> Ignores:
    """What is in force, as far as these breaks can be concerned."""
    # Without the counts, which would cost by the size of a baseline at every cycle.
    rows = connection.execute(
        select(break_ignore)
        .where(
            break_ignore.c.ended_at.is_(None),
            or_(break_ignore.c.until.is_(None), break_ignore.c.until > now),
        )
        .order_by(break_ignore.c.id)
    )
    in_force = {row.id: _read(row) for row in rows}
    named: defaultdict[str, list[tuple[int, Statement]]] = defaultdict(list)
    if in_force:
        query = select(ignored_break).where(
            ignored_break.c.fingerprint.in_(listed_texts(connection, fingerprints)),
            ignored_break.c.ignore_id.in_(list(in_force)),
        )
        for row in connection.execute(query):
            named[row.fingerprint].append((row.ignore_id, _statement(row)))
    return Ignores(in_force, dict(named))


def _write(number: int, each: Break) -> dict[str, Any]:
    said = Statement.of(each)
    return {
        "fingerprint": each.fingerprint,
        "ignore_id": number,
        "episode": said.episode,
        "kind": said.kind.value,
        "classification": said.classification.value,
        "expected": said.expected,
        "actual": said.actual,
        "value_at_risk": said.value_at_risk,
        "currency": said.currency,
    }


def _statement(row: Row[Any]) -> Statement:
    return Statement(
        row.episode,
        BreakKind(row.kind),
        Classification(row.classification),
        row.expected,
        row.actual,
        row.value_at_risk,
        row.currency,
    )


def _read(row: Row[Any], named: int = 0) -> Ignore:
    pattern = Pattern(row.rule, row.system, row.field, row.deal)
    return Ignore(
        row.id,
        Decision(row.owner, row.reason, row.until, pattern, row.is_baseline),
        row.made_at,
        named,
        row.ended_at,
        row.ended_by,
        row.ended_why,
    )
