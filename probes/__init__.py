"""Probes read systems: one short file and one row each."""

from collections.abc import Mapping

from monitor.core.plugins import ProbeType
from probes import files, rest, sql

PROBES: Mapping[str, ProbeType] = {
    "files": ProbeType(files.FileSystem, files.build),
    "rest": ProbeType(rest.RestSystem, rest.build),
    "sql": ProbeType(sql.SqlSystem, sql.build),
}
"""By the name that a landscape gives as `probe`."""
