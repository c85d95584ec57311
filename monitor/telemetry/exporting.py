"""Export: each deal that was closed as one trace, once for each state in which it was closed."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.core.telemetry import Span, SpanExporter
from monitor.estate import Estate, Flow
from monitor.store.database import Connection, Database
from monitor.store.settings import load_setting, save_setting
from monitor.store.traces import (
    ClosedDeal,
    break_steps_of,
    closed_deals,
    note_exported,
    passages_of,
)
from monitor.telemetry.deals import Deal, Route, as_later_state, spans_of

BATCH = 200
"""Deals in one export."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def export_deals(
    estate: Estate, exporter: SpanExporter, quiet: timedelta, database: Database, now: datetime
) -> int:
    """Export every deal that has been closed since the last time.

    What was exported in the same state before is not exported again. After a crash between an
    export and the note of it, it is: its spans have the same identities. A deal that was closed in
    another state before has that state's spans beside those of now, in one trace.

    Returns:
        How many deals.

    Raises:
        Transient, Permanent: the collector or the store failed; the next turn goes on from here.
    """
    return sum(
        _export_flow(flow, estate, exporter, now - quiet, database, now) for flow in estate.flows
    )


def _export_flow(
    flow: Flow,
    estate: Estate,
    exporter: SpanExporter,
    until: datetime,
    database: Database,
    now: datetime,
) -> int:
    name = f"traced:{flow.name}"
    with database.read() as connection:
        stored = load_setting(connection, name)
    since = datetime.fromisoformat(stored) if stored else _LONG_AGO
    count = after = 0
    while True:
        with database.read() as connection:
            deals = closed_deals(connection, flow.name, since, until, after, BATCH)
            traces = _traces(flow, estate, deals, connection)
        if not deals:
            break
        fresh = {
            deal.id: (digest, _beside_earlier(deal, spans, digest))
            for deal, spans in zip(deals, traces, strict=True)
            if spans and (digest := digest_of(spans)) != deal.digest
        }
        if fresh:
            exporter.export([span for _, spans in fresh.values() for span in spans])
            digests = {number: digest for number, (digest, _) in fresh.items()}
            with database.write() as connection:
                note_exported(connection, digests, now)
        count, after = count + len(fresh), deals[-1].id
    with database.write() as connection:
        save_setting(connection, name, until.isoformat())
    return count


def _beside_earlier(deal: ClosedDeal, spans: list[Span], digest: str) -> list[Span]:
    return spans if deal.digest is None else as_later_state(spans, digest, deal.evaluated_at)


def _traces(
    flow: Flow, estate: Estate, deals: Sequence[ClosedDeal], connection: Connection
) -> list[list[Span]]:
    """The spans of each deal."""
    route = Route(flow.root, {each.name: (each.source, each.to) for each in flow.hand_offs})
    passages = passages_of(connection, [deal.id for deal in deals])
    steps = break_steps_of(connection, flow.name, [deal.key for deal in deals])
    return [
        spans_of(
            Deal(flow.name, deal.key, passages.get(deal.id, ()), steps.get(deal.key, ())),
            route,
            estate.address,
        )
        for deal in deals
    ]


def digest_of(spans: Sequence[Span]) -> str:
    """Another one means that the trace tells something else."""
    return hashlib.sha256(repr(spans).encode()).hexdigest()[:32]
