"""Probes read systems: one short file and one row each."""

from collections.abc import Mapping

from monitor.core.plugins import ProbeType
from probes import rest

PROBES: Mapping[str, ProbeType] = {
    "rest": ProbeType(rest.RestSystem, rest.build),
}
"""By the name that a landscape gives as `probe`."""
