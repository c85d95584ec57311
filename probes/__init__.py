"""Probes read systems: one short file and one row each."""

from collections.abc import Mapping

from monitor.core.plugins import ProbeType
from probes import files, rabbitmq, rest, sql, tryton

PROBES: Mapping[str, ProbeType] = {
    "files": ProbeType(files.FileSystem, files.build),
    "rabbitmq": ProbeType(rabbitmq.RabbitSystem, rabbitmq.build),
    "rest": ProbeType(rest.RestSystem, rest.build),
    "sql": ProbeType(sql.SqlSystem, sql.build),
    "tryton": ProbeType(tryton.TrytonSystem, tryton.build),
}
"""By the name that a landscape gives as `probe`."""
