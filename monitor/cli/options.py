"""Options that many commands have, and where they print."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from monitor.reports.plain import WithoutControls

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


def new_console() -> Console:
    """Prints on stdout, as wide as the window; what records hold cannot steer the terminal."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=WIDE)
    console.push_render_hook(WithoutControls())
    return console
