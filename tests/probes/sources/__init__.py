"""For each row of PROBES a real local source which the contract is tested against."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.probes.sources.files import FileSource
from tests.probes.sources.rabbitmq import RabbitSource
from tests.probes.sources.rest import RestSource
from tests.probes.sources.source import Source
from tests.probes.sources.sql import SqlSource
from tests.probes.sources.tryton import TrytonSource

SOURCES: Mapping[str, Callable[[Path], Source]] = {
    "files": FileSource,
    "rabbitmq": RabbitSource,
    "rest": RestSource,
    "sql": SqlSource,
    "tryton": TrytonSource,
}
"""Opens a source in an empty folder, by the probe's name."""
