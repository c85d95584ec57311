"""What the commands share: the landscape's place, and a store opened for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.config import Landscape
from monitor.core.clock import Clock, system_clock
from monitor.core.metrics import Metrics
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.reports.plain import WithoutControls
from monitor.store.database import Database, open_database
from monitor.store.streams import calls_on
from monitor.version import VERSION

LandscapePath = Annotated[
    Path,
    typer.Argument(
        envvar="TIEOUT_LANDSCAPE", exists=True, dir_okay=False, help="The landscape, as YAML."
    ),
]
LandscapeOption = Annotated[
    Path,
    typer.Option(
        "--landscape",
        "-l",
        envvar="TIEOUT_LANDSCAPE",
        exists=True,
        dir_okay=False,
        help="The landscape, as YAML.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]

WIDE = 1_000
"""Columns where no window bounds them, as in a pipe or a file: a row stays on its line."""

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


def new_console() -> Console:
    """Prints on stdout, as wide as the window; what records hold cannot steer the terminal."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=WIDE)
    console.push_render_hook(WithoutControls())
    return console
