"""Probes read systems: one short file and one row each."""

from monitor.core.plugins import ProbeType, rows_in

PROBES = rows_in(
    ProbeType,
    {
        "files": "probes.files:FileSystem",
        "rabbitmq": "probes.rabbitmq:RabbitSystem",
        "rest": "probes.rest:RestSystem",
        "sql": "probes.sql:SqlSystem",
        "tryton": "probes.tryton:TrytonSystem",
    },
)
"""By the name that a landscape gives as `probe`."""
