"""Watches: checks over whole sources and streams. A new one is a file here and a row below."""

from collections.abc import Mapping

from monitor.core.plugins import WatchType
from reconcilers.watches import (
    back_dated,
    clock_skew,
    latency,
    schema_drift,
    silent_source,
    volume,
)

WATCHES: Mapping[str, WatchType] = {
    "back_dated": WatchType(back_dated.BackDatedSettings, back_dated.build),
    "clock_skew": WatchType(clock_skew.ClockSkewSettings, clock_skew.build),
    "latency": WatchType(latency.LatencySettings, latency.build),
    "schema_drift": WatchType(schema_drift.SchemaDriftSettings, schema_drift.build),
    "silent_source": WatchType(silent_source.SilentSourceSettings, silent_source.build),
    "volume": WatchType(volume.VolumeSettings, volume.build),
}
"""By the name that a landscape gives as `check`."""
