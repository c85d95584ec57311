"""One deal's way through every system, from stored rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.core.breaks import LIVE_STATES, Break, BreakKind, BreakState
from monitor.core.circumstances import HopState
from monitor.core.conditions import is_met
from monitor.core.entities import MOMENTS
from monitor.core.model import StreamId, encode_value
from monitor.core.people import Limits
from monitor.core.sight import Blindness
from monitor.core.telemetry import trace_id_of
from monitor.core.transactions import TransactionStatus, shown_status
from monitor.estate import Estate, Flow, HandOff
from monitor.reports.overview import break_as_json
from monitor.sight import see
from monitor.store import breaks
from monitor.store.database import Connection, Database
from monitor.store.trace import (
    TracedRecord,
    Transaction,
    find_transactions,
    load_transaction,
    records_of,
)

MOST_TRACED = 20
"""Deals that one key may find."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One record on the way.

    Attributes:
        stream: where it is.
        entity: what it is.
        native_id: the system's own identifier.
        at: when it took its place, by its own stamps; None where none says.
        fields: canonical fields as stored: money and instants as text.
        deleted: the system no longer has it.
    """

    stream: StreamId
    entity: str
    native_id: str
    at: datetime | None
    fields: Mapping[str, Any]
    deleted: bool

    @property
    def is_message(self) -> bool:
        """Middleware's word, not a business object."""
        return self.entity == "message"


@dataclass(frozen=True, slots=True)
class Hop:
    """One hand-off of the deal."""

    name: str
    source: StreamId
    to: StreamId
    state: HopState


@dataclass(frozen=True, slots=True)
class DealTrace:
    """Everything known of one deal.

    Attributes:
        flow: the business process.
        key: business key of the deal.
        status: as shown: unknown where a needed source is blind.
        status_since: since when the stored status holds.
        hops: hand-offs in the landscape's order.
        stops: records in the order of time, messages included.
        breaks: standing ones first, then those resolved.
        blind: needed streams that cannot be seen.
    """

    flow: str
    key: str
    status: TransactionStatus
    status_since: datetime | None
    hops: Sequence[Hop]
    stops: Sequence[Stop]
    breaks: Sequence[Break]
    blind: Mapping[StreamId, Blindness]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "flow": self.flow,
            "transaction": self.key,
            "trace_id": trace_id_of(self.flow, self.key).hex(),
            "status": self.status.value,
            "status_since": encode_value(self.status_since),
            "hand_offs": [
                {"name": hop.name, "from": str(hop.source), "to": str(hop.to), "state": hop.state}
                for hop in self.hops
            ],
            "records": [
                {
                    "stream": str(stop.stream),
                    "entity": stop.entity,
                    "record_id": stop.native_id,
                    "at": encode_value(stop.at),
                    "deleted": stop.deleted,
                    "fields": dict(stop.fields),
                }
                for stop in self.stops
            ],
            "breaks": [break_as_json(each) for each in self.breaks],
            "blind": {str(stream): why.value for stream, why in self.blind.items()},
        }


def trace_deal(
    estate: Estate, database: Database, key: str, now: datetime, limits: Limits | None = None
) -> list[DealTrace]:
    """The deals that this key finds, in every flow.

    Args:
        estate: for flows and what they need.
        database: the store.
        key: business key of a deal in any case; else a business key or native id of one of its
            records, or a part of its key.
        now: the present.
        limits: of whoever asks; None: they see every deal.

    Raises:
        Transient, Permanent: the store failed.
    """
    blind = see(estate, database, now).blind
    flows = {flow.name: flow for flow in estate.flows}
    with database.read() as connection:
        found = find_transactions(connection, text=key, limit=MOST_TRACED, limits=limits)
        exact = [each for each in found if each.key.casefold() == key.casefold()]
        return [
            _trace(flows[each.flow], each, blind, connection)
            for each in exact or found
            if each.flow in flows
        ]


def trace_transaction(
    estate: Estate, database: Database, flow: str, key: str, now: datetime
) -> DealTrace | None:
    """The deal of exactly this key in one flow; None where there is none.

    Raises:
        Transient, Permanent: the store failed.
    """
    process = estate.flow(flow)
    if process is None:
        return None
    blind = see(estate, database, now).blind
    with database.read() as connection:
        found = load_transaction(connection, flow, key)
        return None if found is None else _trace(process, found, blind, connection)


def _trace(
    flow: Flow, found: Transaction, blind: Mapping[StreamId, Blindness], connection: Connection
) -> DealTrace:
    records = records_of(connection, flow.name, found.key)
    known = breaks.load_breaks(connection, flow.name, [found.key])
    return way_of(flow, found, records, known, blind)


def way_of(
    flow: Flow,
    found: Transaction,
    records: Sequence[TracedRecord],
    known: Sequence[Break],
    blind: Mapping[StreamId, Blindness],
) -> DealTrace:
    """A deal's way, from its records and its breaks."""
    stops = sorted(map(_stop, records), key=_order)
    needed = {stream: why for stream, why in blind.items() if stream in flow.needs}
    return DealTrace(
        flow=flow.name,
        key=found.key,
        status=shown_status(found.status, is_blind=bool(needed)),
        status_since=found.status_since,
        hops=_hops(flow, stops, known, needed),
        stops=stops,
        breaks=sorted(_told(known), key=lambda each: each.state not in LIVE_STATES),
        blind=needed,
    )


def _told(known: Sequence[Break]) -> list[Break]:
    untold = {BreakState.SUSPECTED, BreakState.DISMISSED}
    return [each for each in known if each.state not in untold]


def _stop(row: TracedRecord) -> Stop:
    moment = row.fields.get(MOMENTS.get(row.entity, "created_at")) or row.fields.get("created_at")
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else row.modified_at
    return Stop(row.stream, row.entity, row.native_id, at, row.fields, row.deleted)


def _order(stop: Stop) -> tuple[bool, float, str, str]:
    return (
        stop.at is None,
        stop.at.timestamp() if stop.at else 0.0,
        str(stop.stream),
        stop.native_id,
    )


def _hops(
    flow: Flow,
    stops: Sequence[Stop],
    known: Sequence[Break],
    blind: Mapping[StreamId, Blindness],
) -> list[Hop]:
    there = [stop for stop in stops if not stop.deleted]
    broken = {each.finding.rule: each.finding.kind for each in known if each.state in LIVE_STATES}
    return [
        Hop(hop.name, hop.source, hop.to, _hop_state(hop, broken.get(hop.name), there, blind))
        for hop in flow.hand_offs
    ]


def _hop_state(
    hop: HandOff,
    broken: BreakKind | None,
    there: Sequence[Stop],
    blind: Mapping[StreamId, Blindness],
) -> HopState:
    if broken is not None:
        return HopState.LATE if broken is BreakKind.LATE else HopState.MISSING
    if any(stop.stream == hop.to and is_met(hop.that, stop.fields) for stop in there):
        return HopState.DONE
    if blind.keys() & {hop.source, hop.to}:
        return HopState.UNKNOWN
    has_started = any(stop.stream == hop.source for stop in there)
    return HopState.AWAITED if has_started else HopState.NOT_STARTED
