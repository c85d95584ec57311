"""The command that explains a break: explain."""

import json
from typing import Annotated

import typer
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.clock import system_clock
from monitor.explaining.explain import explain as explain_break
from monitor.explaining.telling import tell_explanation


def explain(
    identifier: Annotated[
        str, typer.Argument(metavar="BREAK", help="Identifier of the break, or its start.")
    ],
    landscape: LandscapeOption,
    as_json: AsJson = False,
) -> None:
    """Say of a break why, since when, what introduced it, who shares it, and what to do about it.

    Exit status 2 if no break is called so.
    """
    with workbench.opened_estate(landscape) as (estate, database):
        told = explain_break(estate, database, identifier, system_clock()) if identifier else None
    if told is None:
        typer.echo(f"no break is called '{identifier}'", err=True)
        raise typer.Exit(Exit.REFUSED)
    if as_json:
        typer.echo(json.dumps(told.as_json(), indent=2))
        return
    console = new_console()
    for line in tell_explanation(told):
        console.print(Text(line))
