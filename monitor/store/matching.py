"""What people decided about pairs of records, and the groups that stand."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import Connection, or_, select

from monitor.core.watches import DECISIONS, MatchDecision
from monitor.store.schema import match_decision, record


def save_decision(connection: Connection, decision: MatchDecision, now: datetime) -> None:
    """Remember a decision; it takes the place of an earlier one about the same pair."""
    left, right = sorted((decision.left, decision.right))
    connection.execute(
        match_decision.delete().where(
            match_decision.c.left_record == left, match_decision.c.right_record == right
        )
    )
    connection.execute(
        match_decision.insert().values(
            left_record=left,
            right_record=right,
            opinion=decision.opinion.value,
            who=decision.who,
            why=decision.why,
            decided_at=now,
        )
    )


def load_decisions(connection: Connection, prefix: str = "") -> pl.DataFrame:
    """What was decided, as `DECISIONS`; of one record or all whose names start so."""
    query = select(
        match_decision.c.left_record, match_decision.c.right_record, match_decision.c.opinion
    ).order_by(match_decision.c.left_record, match_decision.c.right_record)
    if prefix:
        query = query.where(
            or_(
                match_decision.c.left_record.startswith(prefix, autoescape=True),
                match_decision.c.right_record.startswith(prefix, autoescape=True),
            )
        )
    rows = [tuple(row) for row in connection.execute(query)]
    return pl.DataFrame(rows, schema=DECISIONS, orient="row")


def has_record(connection: Connection, name: str) -> bool:
    """Whether a record is there, named as `stream/native id`; one that was deleted is not."""
    stream, _, native_id = name.partition("/")
    query = select(record.c.id).where(
        record.c.stream == stream, record.c.native_id == native_id, record.c.deleted.is_(False)
    )
    return connection.execute(query).first() is not None


def fields_of(connection: Connection, names: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Canonical fields of records, named as `stream/native id`; those that are gone are left out.

    Fields that hold nothing are left out.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for name in sorted(set(names)):
        stream, _, native_id = name.partition("/")
        query = select(record.c.fields).where(
            record.c.stream == stream, record.c.native_id == native_id, record.c.deleted.is_(False)
        )
        text = connection.execute(query).scalar()
        if text is not None:
            held = msgspec.json.decode(text)
            found[name] = {field: value for field, value in held.items() if value is not None}
    return found
