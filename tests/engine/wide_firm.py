"""A firm of seven streams whose records are put into the store as if they had just been read."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from monitor.app import build_estate, read_landscape
from monitor.core.model import KeyRole, KeyUse, Record, StreamId, Value
from monitor.core.ports import Capabilities
from monitor.cycle import run_cycle
from monitor.estate import Estate
from monitor.simulation.clock import VirtualClock
from monitor.store.database import Database
from monitor.store.records import mark_deleted, save_page
from monitor.store.streams import note_success
from tests.cycle.small_firm import MemorySystem

LANDSCAPE = Path(__file__).with_name("wide_firm.yaml")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DEALS = ("A", "B", "C", "D")
MONEY: Mapping[str, Value] = {"amount": Decimal(1000), "currency": "EUR"}

RECORDS: Mapping[str, Mapping[str, Value]] = {
    "crm.opportunity": {"status": "won", "region": "EMEA", "created_at": START, **MONEY},
    "crm.change_order": {"status": "won", "approved_at": START, "revision": 1, **MONEY},
    "contracts.contract": {"status": "won", "region": "EMEA", "signed_at": START, **MONEY},
    "psa.project": {
        "status": "won", "region": "EMEA", "legal_entity": "DE01", "created_at": START,
    },
    "psa.change_order": {"status": "won", "approved_at": START, "revision": 1, **MONEY},
    "erp.billing_schedule": {"created_at": START, **MONEY},
    "bus.message": {
        "status": "won", "flow": "to-project", "attempts": 1, "created_at": START,
        "updated_at": START,
    },
}  # fmt: skip
"""What the record of each stream says of a deal that ties out."""


@functools.cache
def build_wide() -> Estate:
    """Sources can be asked nothing: a later look has to confirm what is suspected."""
    clock = VirtualClock(START)
    estate = build_estate(read_landscape(LANDSCAPE, {}), clock, calls_today={})
    sources = {
        stream: replace(source, probe=MemorySystem(clock, stream, Capabilities()))
        for stream, source in estate.sources.items()
    }
    return replace(estate, sources=sources)


@dataclass
class WideFirm:
    """Four deals, one record of each stream for each, and a message about two of them."""

    database: Database
    estate: Estate = field(default_factory=build_wide)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))

    def begin(self) -> None:
        """Everything is there, and ties out."""
        for deal in DEALS:
            for stream in RECORDS:
                self.say(stream, deal, (deal,))
        self.say("bus.message", "AB", ("A", "B"), flow="news")
        self.look()

    def say(self, stream: str, name: str, deals: Iterable[str], **fields: Value) -> None:
        """A record is as it should be but for these fields."""
        self.clock.advance(timedelta(seconds=1))
        within = StreamId.parse(stream)
        defined, referred = KeyRole.DEFINES, KeyRole.REFERS
        uses = [
            KeyUse(defined if stream == "crm.opportunity" else referred, "deal", deal)
            for deal in deals
        ]
        if within.stream == "change_order":
            role = defined if stream == "crm.change_order" else referred
            uses.append(KeyUse(role, "change_order", name))
        said = {**RECORDS[stream], **fields}
        found = Record(within, within.stream, name, said, tuple(uses), self.clock())
        with self.database.write() as connection:
            save_page(connection, within, [found], self.clock())

    def lose(self, stream: str, name: str) -> None:
        """A record is gone."""
        with self.database.write() as connection:
            mark_deleted(connection, StreamId.parse(stream), [name], self.clock())

    def look(self, hours: float = 0, blind: str = "") -> int:
        """Time passes; all streams but the blind one are looked at; how many deals were."""
        self.clock.advance(timedelta(hours=hours, seconds=1))
        now = self.clock()
        with self.database.write() as connection:
            for stream in self.estate.sources:
                if str(stream) != blind:
                    note_success(
                        connection, stream, now,
                        cursor=now, looked_until=now, began_at=now, was_full=False,
                    )  # fmt: skip
        return run_cycle(self.estate, self.database, self.clock).looked_at
