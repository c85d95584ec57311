"""What the commands share: the landscape's place, and a store opened for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.config import Landscape
from monitor.core.clock import Clock, system_clock
from monitor.core.metrics import Metrics
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.store.database import Database, open_database
from monitor.store.streams import calls_on
from monitor.version import VERSION

DEFAULT_LANDSCAPE = Path("landscape.yaml")


def load(path: Path) -> Landscape:
    """The landscape in a file, with this process's environment behind its references."""
    return read_landscape(path, os.environ)


@contextmanager
def opened_store(landscape: Landscape) -> Iterator[Database]:
    """The landscape's store, brought up to date."""
    database = open_database(landscape.store.url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def build(landscape: Landscape, database: Database, clock: Clock = system_clock) -> Estate:
    """The landscape made ready to run, today's calls remembered."""
    with database.read() as connection:
        today = {
            system: calls_on(connection, system, clock().date()) for system in landscape.systems
        }
    return build_estate(landscape, clock, calls_today=today)


@contextmanager
def opened_estate(path: Path) -> Iterator[tuple[Estate, Database]]:
    """The landscape in a file made ready, and its store."""
    settings = load(path)
    with opened_store(settings) as database:
        estate = build(settings, database)
        try:
            yield estate, database
        finally:
            estate.close()


def new_runtime(database: Database, clock: Clock = system_clock) -> Runtime:
    """What outlives a reload."""
    return Runtime(database, Metrics(VERSION), clock, CallLedger())
