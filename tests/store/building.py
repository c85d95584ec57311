"""Records and breaks to store."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
from sqlalchemy import Connection, select

from monitor.core.breaks import Break, BreakKind, BreakState, Finding, Severity
from monitor.core.model import KeyRole, KeyUse, Record, StreamId, Value
from monitor.store import transactions
from monitor.store.bulk import listed_ids
from monitor.store.schema import record

OPPORTUNITIES = StreamId("crm", "opportunity")
PROJECTS = StreamId("psa", "project")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """An instant so many minutes after the start."""
    return START + timedelta(minutes=minutes)


def defines(value: str, kind: str = "deal") -> KeyUse:
    return KeyUse(KeyRole.DEFINES, kind, value)


def refers(value: str, kind: str = "deal") -> KeyUse:
    return KeyUse(KeyRole.REFERS, kind, value)


def an_opportunity(
    native_id: str = "1",
    *keys: KeyUse,
    modified_at: datetime | None = START,
    stream: StreamId = OPPORTUNITIES,
    deleted: bool = False,
    **fields: Value,
) -> Record:
    given: dict[str, Value] = {"amount": Decimal("100.00"), "status": "won", **fields}
    uses = keys or (defines(f"OPP-{native_id}"),)
    return Record(stream, "opportunity", native_id, given, uses, modified_at, deleted)


def a_project(
    native_id: str, *keys: KeyUse, modified_at: datetime | None = START, **fields: Value
) -> Record:
    given: dict[str, Value] = {"status": "active", **fields}
    return Record(PROJECTS, "project", native_id, given, keys, modified_at)


def a_finding(transaction: str = "OPP-1", **changes: object) -> Finding:
    facts: dict[str, object] = {
        "flow": "sales",
        "transaction": transaction,
        "rule": "amounts",
        "kind": BreakKind.MISMATCH,
        "severity": Severity.WARNING,
        "hop": "crm -> erp",
        "system": "erp",
        "stream": "project",
        "entity": "project",
        "field": "amount",
        "record_id": "7",
        "expected": "100.00",
        "actual": "90.00",
        "value_at_risk": Decimal("10.00"),
        "currency": "EUR",
        "owner": "finance",
        "since": START,
    }
    return Finding(**{**facts, **changes})  # type: ignore[arg-type]  # facts by name


def a_break(
    finding: Finding | None = None, state: BreakState = BreakState.OPEN, episode: int = 1
) -> Break:
    return Break(
        finding=finding or a_finding(),
        state=state,
        suspected_at=START,
        opened_at=None if state is BreakState.SUSPECTED else at(1),
        resolved_at=at(2) if state is BreakState.RESOLVED else None,
        seen_at=at(2),
        episode=episode,
    )


def relink(connection: Connection, flow: str, links: pl.DataFrame, ids: Sequence[int]) -> None:
    """Let these records have these links and no others."""
    before = transactions.load_links(connection, flow, ids)
    chosen = record.c.id.in_(listed_ids(connection, links["record"].to_list()))
    streams = dict(connection.execute(select(record.c.id, record.c.stream).where(chosen)).all())
    of_record = pl.col("record").replace_strict(streams, return_dtype=pl.String)
    transactions.save_links(connection, flow, links.with_columns(stream=of_record), before)
