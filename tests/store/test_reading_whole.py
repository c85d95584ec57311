"""What exports read of the store, on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.telemetry import Span
from monitor.mining.log import event_log
from monitor.store.database import Database
from monitor.store.event_log import read_breaks, read_deals, read_records
from monitor.telemetry.exporting import export_deals
from tests.firm.watching import watched


class Kept:
    """An exporter that keeps what it is given."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def export(self, spans: Sequence[Span]) -> None:
        self.spans += spans

    def close(self) -> None:
        """Nothing to let go of."""


def test_everything_is_read_once_and_closed_deals_are_exported_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.event_log.PAGE", 7)
    monkeypatch.setattr("monitor.telemetry.exporting.BATCH", 7)
    with watched(database, seed=1, deals=30) as watch:
        watch.look()
        with database.read() as connection:
            deals = [deal.key for deal in read_deals(connection)]
            records = [(each.stream, each.native_id) for each in read_records(connection)]
            found = list(read_breaks(connection))
            log = event_log(watch.estate, connection, watch.firm.clock())
            events = [event.id for event in log.events]
        assert len(deals) == len(set(deals)) > 30
        assert len(records) == len(set(records)) > 300
        assert {each.key for each in found} == {entry.deal for entry in watch.firm.ledger()}
        assert len(events) == len(set(events)) > 500
        kept, now = Kept(), watch.firm.clock()
        counted = export_deals(watch.estate, kept, timedelta(0), database, now)
        roots = {span.trace_id for span in kept.spans if not span.parent_id}
        assert len(roots) == counted > 5
        assert export_deals(watch.estate, kept, timedelta(0), database, now) == 0
        assert min(span.start for span in kept.spans) > datetime(2024, 1, 1, tzinfo=UTC)
