"""Small firms described as a newcomer would: files or a server, and a landscape in YAML."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.core.metrics import KnownNames, Metrics
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.simulation import VirtualClock
from monitor.single_pass import Pass, pass_once
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database
from monitor.store.quarantine import SetAside, in_quarantine
from monitor.store.streams import calls_on
from monitor.store.trace import find_transactions, records_of

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class SmallEstate:
    """A folder of JSON-lines files, one a stream, and the landscape over them.

    Args:
        folder: holds the files; `${env:DATA}` in the landscape.
        database: an empty store.
        landscape: as YAML.
        variables: further ones behind the landscape's references.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        landscape: str,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.folder = folder
        self._variables = {"DATA": str(folder), **variables}
        self.clock = VirtualClock(NOW)
        self.runtime = Runtime(database, Metrics("test"), self.clock, CallLedger())
        self._path = folder / "landscape.yaml"
        self._estate: Estate | None = None
        self.configure(landscape)

    def configure(self, landscape: str) -> None:
        """Put another landscape in force from the next look on."""
        self._path.write_text(dedent(landscape), encoding="utf-8")
        self.close()

    def close(self) -> None:
        """Let go of connections; the next look opens them anew."""
        if self._estate is not None:
            self._estate.close()
        self._estate = None

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
            self._estate = self._build()
        self.clock.advance(timedelta(minutes=1))
        done = pass_once(self._estate, self.runtime)
        self.clock.advance(timedelta(minutes=1))
        return pass_once(self._estate, self.runtime) if done.transitions else done

    def _build(self) -> Estate:
        landscape = read_landscape(self._path, self._variables)
        with self.runtime.database.read() as connection:
            today = {
                system: calls_on(connection, system, self.clock().date())
                for system in landscape.systems
            }
        estate = build_estate(landscape, self.clock, calls_today=today, sleep=lambda _: None)
        flows = [flow.name for flow in estate.flows]
        hand_offs = [(flow.name, step.name) for flow in estate.flows for step in flow.hand_offs]
        self.runtime.metrics.prepare(
            KnownNames(estate.probes, estate.sources, flows, hand_offs=hand_offs)
        )
        return estate

    def breaks(self) -> set[tuple[str, str, str]]:
        """Deal, kind and field of every break that stands."""
        with self.runtime.database.read() as connection:
            return {
                (each.finding.transaction, each.finding.kind.value, each.finding.field)
                for each in standing_breaks(connection)
            }

    def series(self, name: str) -> dict[tuple[str, ...], float]:
        """Values on the metrics page, by label values in the order of the labels' names."""
        page, _ = self.runtime.metrics.expose("")
        return {
            tuple(sample.labels.values()): sample.value
            for family in text_string_to_metric_families(page.decode())
            for sample in family.samples
            if sample.name == name
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
