"""A simulated firm watched by tieout in this process, and what its store then holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.core.metrics import Metrics
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.simulation import SimulatedFirm, VirtualClock
from monitor.simulation.firm import environment
from monitor.single_pass import Pass, pass_once
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database, open_database
from tests.alerts.receiver import Receiver, Reply, running

LANDSCAPE = Path("monitor/simulation/landscape.yaml")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "a secret of thirty-two characters"

Identity = tuple[str, str, str, str, str]
"""Deal, kind, system, stream and field of a break."""


@dataclass
class Watch:
    """A firm, the estate over it, the store, and the receiver of notices."""

    firm: SimulatedFirm
    estate: Estate
    runtime: Runtime
    receiver: Receiver

    def look(self) -> Pass:
        return pass_once(self.estate, self.runtime)

    def found(self) -> set[Identity]:
        """The breaks that stand."""
        with self.runtime.database.read() as connection:
            return {
                (
                    each.finding.transaction,
                    each.finding.kind.value,
                    each.finding.system,
                    each.finding.stream,
                    each.finding.field,
                )
                for each in standing_breaks(connection)
            }

    def planted(self) -> set[Identity]:
        """What the firm's own ledger says."""
        return {
            (
                entry.deal,
                entry.symptom.break_kind.value,
                entry.symptom.system,
                entry.symptom.stream,
                entry.symptom.field,
            )
            for entry in self.firm.ledger()
        }


def variables(firm: SimulatedFirm, receiver: Receiver, store: str) -> dict[str, str]:
    """The environment behind the landscape's references."""
    return {
        **environment(firm),
        "SIM_WEBHOOK_URL": receiver.address,
        "SIM_WEBHOOK_SECRET": SECRET,
        "TIEOUT_DEMO_STORE": store,
        "TIEOUT_DEMO_PORT": "0",
    }


@contextmanager
def watched(database: Database, *, seed: int = 3, deals: int = 60) -> Iterator[Watch]:
    """A firm whose clock stands still at New Year, nothing looked at yet."""
    clock = VirtualClock(NEW_YEAR)
    with (
        SimulatedFirm(seed, deals, clock) as firm,
        running(Receiver(lambda _: Reply())) as receiver,
    ):
        landscape = read_landscape(LANDSCAPE, variables(firm, receiver, "sqlite:///unused.db"))
        estate = build_estate(landscape, clock, calls_today={}, sleep=lambda _: None)
        runtime = Runtime(database, Metrics("test"), clock, CallLedger())
        yield Watch(firm, estate, runtime, receiver)
        estate.close()


@contextmanager
def fresh_store(folder: Path, name: str = "tieout.db") -> Iterator[Database]:
    """A store in a file of its own."""
    database = open_database(f"sqlite:///{folder / name}")
    database.migrate()
    yield database
    database.close()


def everything_known(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """What the store says of the firm, without its own numbers and instants of observation."""
    queries = {
        "records": "SELECT stream, native_id, entity, version, fields, key_uses, modified_at,"
        " deleted FROM record ORDER BY stream, native_id",
        "transactions": "SELECT flow, key, status FROM business_transaction"
        " WHERE status <> 'empty' ORDER BY flow, key",
        "links": "SELECT t.key, r.stream, r.native_id FROM link"
        " JOIN business_transaction t ON t.id = link.transaction_id"
        " JOIN record r ON r.id = link.record_id ORDER BY 1, 2, 3",
        "breaks": 'SELECT fingerprint, kind, expected, actual, value_at_risk, state FROM "break"'
        " WHERE state NOT IN ('dismissed', 'suspected') ORDER BY fingerprint",
    }
    with database.read() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in queries.items()
        }
