"""A vendor's system read by tieout as a landscape would have it read."""

from datetime import timedelta
from pathlib import Path

from monitor.core.entities import ENTITIES
from monitor.core.model import Page, Record, Window
from monitor.core.plugins import ProbeContext
from monitor.core.ports import Probe
from probes import PROBES
from probes.definitions.expansion import expand_system
from tests.probes.clocks import FakeTime
from tests.vendors.vendor import NOON, Vendor

ALL = Window(None, NOON + timedelta(days=1))
SINCE = Window(NOON + timedelta(seconds=10), NOON + timedelta(days=1))


def open_probe(vendor: Vendor, time: FakeTime) -> Probe:
    system = expand_system(vendor.system, Path())
    kind = PROBES[system["probe"]]
    context = ProbeContext("it", ENTITIES, time.clock, time.sleep)
    return kind.build(kind.settings.model_validate(system), context)


def pages(probe: Probe, vendor: Vendor, window: Window = ALL) -> list[Page]:
    return list(probe.changes(vendor.stream, window))


def read(probe: Probe, vendor: Vendor, window: Window = ALL) -> dict[str, Record]:
    return {
        record.native_id: record for page in pages(probe, vendor, window) for record in page.records
    }
