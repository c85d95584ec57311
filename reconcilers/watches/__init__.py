"""Watches: checks over whole sources and streams. A new one is a file here and a row below."""

from monitor.core.plugins import WatchType, rows_in

WATCHES = rows_in(
    WatchType,
    {
        "back_dated": "reconcilers.watches.back_dated:BackDatedSettings",
        "clock_skew": "reconcilers.watches.clock_skew:ClockSkewSettings",
        "duplicate_customers": (
            "reconcilers.watches.duplicate_customers:DuplicateCustomersSettings"
        ),
        "duplicate_projects": "reconcilers.watches.duplicate_projects:DuplicateProjectsSettings",
        "latency": "reconcilers.watches.latency:LatencySettings",
        "schema_drift": "reconcilers.watches.schema_drift:SchemaDriftSettings",
        "silent_source": "reconcilers.watches.silent_source:SilentSourceSettings",
        "volume": "reconcilers.watches.volume:VolumeSettings",
    },
)
"""By the name that a landscape gives as `check`."""
