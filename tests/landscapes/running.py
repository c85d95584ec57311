"""Small firms described as a newcomer would: files or a server, and a landscape in YAML."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.core.metrics import Metrics
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.simulation import VirtualClock
from monitor.single_pass import Pass, pass_once
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database
from monitor.store.quarantine import SetAside, in_quarantine
from monitor.store.trace import find_transactions, records_of

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class SmallEstate:
    """A folder of JSON-lines files, one a stream, and the landscape over them."""

    def __init__(self, folder: Path, database: Database, landscape: str) -> None:
        self.folder = folder
        self.clock = VirtualClock(NOW)
        self.runtime = Runtime(database, Metrics("test"), self.clock, CallLedger())
        self._path = folder / "landscape.yaml"
        self._path.write_text(dedent(landscape), encoding="utf-8")
        self._estate: Estate | None = None

    def write(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace a file whole, as an export does."""
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        self.write_text(f"{name}.jsonl", text)

    def write_text(self, name: str, text: str) -> None:
        """The same for a file of any form."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def look(self) -> Pass:
        """A minute passes, and everything is looked at."""
        if self._estate is None:
            landscape = read_landscape(self._path, {"DATA": str(self.folder)})
            self._estate = build_estate(landscape, self.clock, calls_today={})
        self.clock.advance(timedelta(minutes=1))
        done = pass_once(self._estate, self.runtime)
        self.clock.advance(timedelta(minutes=1))
        return pass_once(self._estate, self.runtime) if done.transitions else done

    def breaks(self) -> set[tuple[str, str, str]]:
        """Deal, kind and field of every break that stands."""
        with self.runtime.database.read() as connection:
            return {
                (each.finding.transaction, each.finding.kind.value, each.finding.field)
                for each in standing_breaks(connection)
            }

    def deals(self, flow: str = "sales") -> dict[str, set[str]]:
        """Native ids by deal."""
        with self.runtime.database.read() as connection:
            return {
                deal.key: {
                    each.native_id
                    for each in records_of(connection, flow, deal.key)
                    if not each.deleted
                }
                for deal in find_transactions(connection, flow=flow)
            }

    def set_aside(self) -> list[SetAside]:
        """What could not be read."""
        with self.runtime.database.read() as connection:
            return in_quarantine(connection)
