"""Watches: checks over whole sources and streams. A new one is a file here and a row below."""

from collections.abc import Mapping

from monitor.core.plugins import WatchType

WATCHES: Mapping[str, WatchType] = {}
"""By the name that a landscape gives as `check`."""
