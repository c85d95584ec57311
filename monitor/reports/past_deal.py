"""One deal as tieout knew it at a past instant, and the instants at which it came to know more."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from monitor.core.breaks import LIVE_STATES, Break
from monitor.core.transactions import TransactionStatus
from monitor.estate import Estate
from monitor.reports.deal import DealTrace, way_of
from monitor.store import breaks
from monitor.store.breaks import HistoryStep
from monitor.store.database import Connection, Database
from monitor.store.trace import TracedRecord, Transaction, records_of


def trace_as_of(
    estate: Estate, database: Database, flow: str, key: str, at: datetime
) -> DealTrace | None:
    """A deal's way as it was known at an instant; None where there is no such flow.

    Records are as they had been seen by then. A break is in the state that it was in then; its
    values are those of now. Of what had not been looked at then nothing is said.

    Raises:
        Transient, Permanent: the store failed.
    """
    process = estate.flow(flow)
    if process is None:
        return None
    with database.read() as connection:
        seen = [record_at(each, at) for each in records_of(connection, flow, key)]
        known = [
            break_at(each, breaks.history_of(connection, each.fingerprint), at)
            for each in breaks.load_breaks(connection, flow, [key])
        ]
    records = [each for each in seen if each is not None]
    found = [each for each in known if each is not None]
    # What the look of then said of the whole deal is not kept; that some break stood is.
    is_broken = any(each.state in LIVE_STATES for each in found)
    status = TransactionStatus.BROKEN if is_broken else TransactionStatus.UNKNOWN
    return way_of(process, Transaction(flow, key, status, None, None), records, found, {})


def instants_of(connection: Connection, flow: str, key: str) -> list[datetime]:
    """When something about a deal became known, the oldest first."""
    seen = {at for each in records_of(connection, flow, key) for at in _instants(each)}
    for each in breaks.load_breaks(connection, flow, [key]):
        seen |= {step.at for step in breaks.history_of(connection, each.fingerprint)}
    return sorted(seen)


def record_at(traced: TracedRecord, at: datetime) -> TracedRecord | None:
    """The record as it had been seen by an instant; None where it had not."""
    if traced.observed_at <= at:
        return traced
    for each in traced.versions:
        if each.observed_at <= at < each.replaced_at:
            return replace(
                traced,
                fields=each.fields,
                keys=each.keys,
                modified_at=each.modified_at,
                observed_at=each.observed_at,
                deleted=each.deleted,
            )
    return None


def break_at(known: Break, history: Iterable[HistoryStep], at: datetime) -> Break | None:
    """The break in the state that it was in at an instant; None where it was not yet there."""
    steps = [step for step in history if step.at <= at]
    return replace(known, state=steps[-1].after) if steps else None


def _instants(traced: TracedRecord) -> Iterator[datetime]:
    yield traced.observed_at
    for each in traced.versions:
        yield each.observed_at
