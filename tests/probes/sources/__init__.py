"""For each row of PROBES a real local source which the contract is tested against."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.probes.sources.rest import RestSource
from tests.probes.sources.source import Source

SOURCES: Mapping[str, Callable[[Path], Source]] = {
    "rest": RestSource,
}
"""Opens a source in an empty folder, by the probe's name."""
